import type { AckPayload, DataUpdateDelivery, ErrorCode, SyncPayload } from 'gateway-protocol';
import { checkedText, isId, messageBytesMax } from './checks.js';
import type { Link } from './connection-host.js';
import type { Context } from './context.js';
import { type AnyCode, type ClientErrorCode, GatewayClientError } from './errors.js';
import type { Ack, PublishOptions } from './group.js';
import { DEFAULT_OUTBOX, withDefaults } from './options.js';
import { createPacing } from './pacing.js';
import { randomId } from './platform.js';
import { type Deferred, deferred, onAbort, retryDelay, Watched } from './promises.js';

const TIMEOUT_MS = 30_000;

/** One message on its way. */
interface Entry {
  readonly id: string;
  readonly groupId: string;
  readonly text: string;
  readonly bytes: number;
  readonly resends: boolean;
  readonly answer: Deferred<Ack>;
  /** `unsure`: sent on a connection that is gone; whether it was accepted is not known yet. */
  state: 'queued' | 'sent' | 'unsure' | 'settled';
  /** It was, at least once: it may have been accepted. */
  wasSent: boolean;
  /** The gateway has failed on it, and the broker may take it yet; or it was sent again where the log could not say whether it has it. */
  isInDoubt: boolean;
  /** It has come back as a message. */
  seen?: { epoch: string; seq: number };
  undo(): void;
}

/** Messages that wait to be sent or answered, in the order of their calls. */
export interface Outbox {
  /** How many. */
  pending(): number;
  publish(groupId: string, data: unknown, options?: PublishOptions, refusal?: AnyCode): Promise<Ack>;
  /** Sends what may be sent. */
  pump(): void;
  /** `ready` has come, of the member that there was or of another one. What was on its way is decided by the `sync` of its group. */
  online(isResumed: boolean): void;
  offline(): void;
  /**
   * Everything of a group up to here is known, or lost: what was on its way is decided. After `recovered`, what has not come back was not
   * accepted, unless the gateway had failed on it: the broker may take it yet. Sent again by the same member, the gateway knows its id. After
   * `reset` the log may have forgotten the id as well.
   */
  synced(sync: SyncPayload): void;
  /** An own message has come back: it is in the log. */
  seen(message: DataUpdateDelivery, epoch: string): void;
  acked(ack: AckPayload): void;
  /** @returns whether the error is about one of its messages. */
  refused(error: GatewayClientError): boolean;
  /** The gateway did not read as far as the id, so any of those on the way may be meant: all are sent again. Their ids keep them from being doubled. */
  limited(retryAfterMs: number): void;
  /**
   * Nothing will be sent any more, or nothing to that group. What was sent to a group that is left or refused may have been accepted: it is
   * answered while the connection stands, or cannot be known.
   */
  end(error: GatewayClientError, groupId?: string): void;
}

/** @param isOpen whether the group's `sync` has come. */
export function createOutbox(
  context: Context,
  link: Pick<Link, 'isOnline' | 'send'>,
  isOpen: (groupId: string) => boolean,
): Outbox {
  const { generateId = randomId, outbox: given } = context.options;
  const bounds = withDefaults(DEFAULT_OUTBOX, given);
  const pacing = createPacing(context, () => outbox.pump());
  const entries = new Map<string, Entry>();
  let isStopped = false;
  /** The gateway knows what was said before: the member is the same. */
  let isSame = true;
  let bytesHeld = 0;
  let sent = 0;
  let sentBytes = 0;

  const mark = (entry: Entry, state: Entry['state']) => {
    const change = Number(state === 'sent') - Number(entry.state === 'sent');
    sent += change;
    sentBytes += change * entry.bytes;
    entry.state = state;
  };
  const markSent = (state: Entry['state']) => {
    for (const entry of entries.values()) if (entry.state === 'sent') mark(entry, state);
  };
  const remove = (entry: Entry) => {
    if (!entries.delete(entry.id)) return;
    mark(entry, 'settled');
    bytesHeld -= entry.bytes;
    entry.undo();
  };
  const accept = (entry: Entry, { epoch, seq }: { epoch: string; seq: number }, duplicate: boolean) => {
    remove(entry);
    entry.answer.resolve({ id: entry.id, epoch, seq, duplicate });
  };
  const reject = (entry: Entry, code: ErrorCode | ClientErrorCode, message: string, retryable = false) => {
    const { id, groupId, answer } = entry;
    remove(entry);
    answer.reject(new GatewayClientError(code, message, { id, groupId, retryable }));
  };
  const makeRoom = (bytes: number): boolean => {
    const isFull = () => entries.size >= bounds.messagesMax || bytesHeld + bytes > bounds.bytesMax;
    if (bounds.overflow === 'drop-oldest' && bytes <= bounds.bytesMax) {
      for (const entry of [...entries.values()]) {
        if (isFull() && !entry.wasSent) reject(entry, 'DROPPED', 'made room for a newer message');
      }
    }
    return !isFull();
  };
  /** What is not for the client itself goes to the gateway. @throws GatewayClientError where it is not taken. */
  const add = (answer: Deferred<Ack>, id: string, groupId: string, data: unknown, options: PublishOptions, refusal?: AnyCode) => {
    const { meta, timeoutMs = TIMEOUT_MS, signal, whenOffline, whenUnknown, ...said } = options;
    const refuse = (isRefused: unknown, code: AnyCode, message: string) => {
      if (isRefused) throw new GatewayClientError(code, message, { groupId, id });
    };
    refuse(refusal, refusal!, 'the group was left, or refused');
    const isUsable = isId(id) && !entries.has(id) && (said.delivery !== 'latest' || said.key !== undefined);
    refuse(!isUsable, 'INVALID_DATA', 'an id that is none or is in use, or `latest` without a key');
    const head = { ...said, type: 'data_update', groupId, id } as const;
    const { text, bytes } = checkedText(context.session, head, 'data', data, meta);
    refuse(isStopped, 'STOPPED', 'the client has stopped');
    refuse(signal?.aborted, 'ABORTED', 'aborted');
    refuse(whenOffline === 'reject' && !link.isOnline(), 'NOT_CONNECTED', 'not online');
    refuse(!makeRoom(bytes), 'OUTBOX_FULL', 'too many messages wait');
    const giveUp = (code: ClientErrorCode) => reject(entry, entry.wasSent ? 'OUTCOME_UNKNOWN' : code, `given up: ${code}`);
    const undoDeadline = context.later(timeoutMs, () => giveUp('TIMEOUT'));
    const undoAbort = onAbort(signal, () => giveUp('ABORTED'));
    const entry: Entry = {
      id,
      groupId,
      text,
      bytes,
      answer,
      resends: whenUnknown === 'resend',
      state: 'queued',
      wasSent: false,
      isInDoubt: false,
      undo() {
        undoDeadline();
        undoAbort();
      },
    };
    entries.set(id, entry);
    bytesHeld += bytes;
  };

  const outbox: Outbox = {
    pending: () => entries.size,
    publish(groupId, data, options = {}, refusal) {
      const { id = generateId() } = options;
      const known = entries.get(id);
      if (known?.groupId === groupId) return known.answer.promise;
      const { promise, resolve, reject } = deferred<Ack>(Watched);
      (promise as Watched<Ack>).isAwaited = false;
      const answer: Deferred<Ack> = {
        promise,
        resolve,
        reject(error) {
          reject(error);
          // `await` adds its handler a few microtasks later.
          context.clock.setTimeout(() => (promise as Watched<Ack>).isAwaited || context.report(error), 0);
        },
      };
      try {
        add(answer, id, groupId, data, options, refusal);
      } catch (error) {
        answer.reject(error as GatewayClientError);
        return promise;
      }
      outbox.pump();
      return promise;
    },
    pump() {
      for (const entry of [...entries.values()]) {
        const { groupId, bytes, text } = entry;
        if (sent >= bounds.inFlightMax || !link.isOnline()) return;
        // What is sent may be answered, and another pump may run, before `send` has returned.
        if (entry.state !== 'queued' || !isOpen(groupId)) continue;
        if (bytes > messageBytesMax(context.session)) {
          reject(entry, 'TOO_BIG', 'the gateway takes fewer bytes');
          continue;
        }
        if ((sent > 0 && sentBytes + bytes > bounds.inFlightBytesMax) || !pacing.take(bytes)) return;
        mark(entry, 'sent');
        entry.wasSent = true;
        if (!link.send(text)) mark(entry, 'unsure');
      }
    },
    online(isResumed) {
      isStopped = false;
      isSame = isResumed;
      for (const entry of entries.values()) if (entry.isInDoubt && !isSame) mark(entry, 'unsure');
    },
    offline() {
      pacing.stop();
      markSent('unsure');
    },
    synced({ groupId, outcome }) {
      for (const entry of [...entries.values()]) {
        if (entry.groupId !== groupId || entry.state !== 'unsure') continue;
        if (entry.seen) accept(entry, entry.seen, true);
        else if (entry.resends || (outcome === 'recovered' && (isSame || !entry.isInDoubt))) {
          entry.isInDoubt ||= outcome !== 'recovered';
          mark(entry, 'queued');
        } else reject(entry, 'OUTCOME_UNKNOWN', 'the connection was lost before its answer, and the log does not say');
      }
      outbox.pump();
    },
    seen({ id = '', seq }, epoch) {
      const entry = entries.get(id);
      if (entry) entry.seen = { epoch, seq };
    },
    acked({ id, epoch, seq, duplicate = false }) {
      const entry = entries.get(id);
      if (entry && epoch !== undefined && seq !== undefined) accept(entry, { epoch, seq }, duplicate);
      outbox.pump();
    },
    refused({ code, message, id = '', retryAfterMs = retryDelay(0), retryable }) {
      const entry = entries.get(id);
      if (!entry) return false;
      if (code === 'RATE_LIMITED' || code === 'INTERNAL') {
        entry.isInDoubt ||= code === 'INTERNAL';
        mark(entry, 'queued');
        pacing.pause(retryAfterMs);
      } else {
        reject(entry, entry.isInDoubt ? 'OUTCOME_UNKNOWN' : code, message, retryable);
        outbox.pump();
      }
      return true;
    },
    limited(retryAfterMs) {
      markSent('queued');
      pacing.pause(retryAfterMs);
    },
    end({ code, message }, groupId) {
      for (const entry of [...entries.values()]) {
        if (groupId === undefined) reject(entry, code, message);
        else if (entry.groupId === groupId && entry.state !== 'sent')
          reject(entry, entry.wasSent ? 'OUTCOME_UNKNOWN' : code, message);
      }
      if (groupId !== undefined) return;
      isStopped = code === 'STOPPED';
      pacing.stop();
    },
  };
  return outbox;
}
