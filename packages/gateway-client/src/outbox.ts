import type { AckPayload, DataUpdateDelivery, ErrorCode, SyncPayload } from 'gateway-protocol';
import { checkedText, isId } from './checks.js';
import type { Context } from './context.js';
import { type ClientErrorCode, GatewayClientError } from './errors.js';
import type { Ack, PublishOptions } from './group.js';
import { DEFAULT_OUTBOX, type OutboxOptions, withDefaults } from './options.js';
import { Pacing } from './pacing.js';
import { Promised } from './promised.js';
import { dataText } from './wire.js';

const TIMEOUT_MS = 30_000;
/** Before a message that the gateway failed on is sent again, in milliseconds. */
const RETRY_MS = 1_000;

/** One message on its way. */
interface Entry {
  readonly id: string;
  readonly groupId: string;
  readonly text: string;
  readonly bytes: number;
  readonly resends: boolean;
  readonly promised: Promised<Ack>;
  /** `unsure`: sent on a connection that is gone; whether it was accepted is not known yet. */
  state: 'queued' | 'sent' | 'unsure';
  /** It was, at least once: it may have been accepted. */
  wasSent: boolean;
  /** It has come back as a message. */
  seen?: { epoch: string; seq: number };
  undo(): void;
}

/** What it needs of the connection. */
export interface OutboxLink {
  readonly isOnline: boolean;
  send(text: string): boolean;
}

/** What it needs of the groups. */
export interface OutboxGroups {
  /** Whether the group's `sync` has come. */
  isOpen(groupId: string): boolean;
}

/** Messages that wait to be sent or answered, in the order of their calls. */
export class Outbox {
  readonly #entries = new Map<string, Entry>();
  readonly #options: OutboxOptions;
  readonly #pacing: Pacing;
  #stopped = false;
  #bytes = 0;
  #sent = 0;
  #sentBytes = 0;

  constructor(
    private readonly context: Context,
    private readonly link: OutboxLink,
    private readonly groups: OutboxGroups,
  ) {
    this.#options = withDefaults(DEFAULT_OUTBOX, context.options.outbox);
    this.#pacing = new Pacing(context, () => this.pump());
  }

  get pending(): number {
    return this.#entries.size;
  }

  publish(groupId: string, data: unknown, options: PublishOptions = {}): Promise<Ack> {
    const { id = this.context.generateId() } = options;
    const known = this.#entries.get(id);
    if (known?.groupId === groupId) return known.promised;
    const promised = Promised.make<Ack>(this.context);
    try {
      this.#add(promised, groupId, id, data, options);
    } catch (error) {
      promised.reject(error as GatewayClientError);
      return promised;
    }
    this.pump();
    return promised;
  }

  /** @throws GatewayClientError where it is not taken. */
  #add(promised: Promised<Ack>, groupId: string, id: string, data: unknown, options: PublishOptions): void {
    const { delivery, key, sessionId, traceId, meta, timeoutMs = TIMEOUT_MS, signal } = options;
    const about = { groupId, id };
    const refusal = (code: ClientErrorCode, message: string) => new GatewayClientError(code, message, about);
    if (this.#entries.has(id) || !isId(id) || (delivery === 'latest' && key === undefined)) {
      throw refusal('INVALID_DATA', 'an id that is none or is in use, or `latest` without a key');
    }
    const make = () => dataText({ id, groupId, data, delivery, key, sessionId, traceId, meta });
    const { text, bytes } = checkedText('data', make, this.context.session, about);
    if (this.#stopped) throw refusal('STOPPED', 'the client has stopped');
    if (signal?.aborted) throw refusal('ABORTED', 'aborted');
    if (options.whenOffline === 'reject' && !this.link.isOnline) throw refusal('NOT_CONNECTED', 'not online');
    if (!this.#makeRoom(bytes)) throw refusal('OUTBOX_FULL', 'too many messages wait');
    const giveUp = (code: ClientErrorCode, message: string) => {
      const { wasSent } = entry;
      this.#settle(entry, wasSent ? 'OUTCOME_UNKNOWN' : code, `${message}${wasSent ? ', when it was sent already' : ''}`);
    };
    const aborted = () => giveUp('ABORTED', 'aborted');
    const undoDeadline = this.context.deadlines.add(timeoutMs, () => giveUp('TIMEOUT', 'not settled in time'));
    signal?.addEventListener('abort', aborted);
    const undo = () => {
      undoDeadline();
      signal?.removeEventListener('abort', aborted);
    };
    const resends = options.whenUnknown === 'resend';
    const entry: Entry = { id, groupId, text, bytes, promised, undo, state: 'queued', wasSent: false, resends };
    this.#entries.set(id, entry);
    this.#bytes += bytes;
  }

  /** Sends what may be sent. */
  pump(): void {
    const { inFlightMax, inFlightBytesMax } = this.#options;
    const { session } = this.context;
    if (!this.link.isOnline || this.#sent >= inFlightMax) return;
    for (const entry of [...this.#entries.values()]) {
      const { groupId, bytes, state } = entry;
      if (state !== 'queued' || !this.groups.isOpen(groupId)) continue;
      // What is sent may be answered, and another pump may run, before `send` has returned.
      if (!this.#entries.has(entry.id)) continue;
      if (bytes > session.messageBytesMax) {
        this.#settle(entry, 'TOO_BIG', 'the gateway takes fewer bytes');
        continue;
      }
      if (this.#sent >= inFlightMax || (this.#sent > 0 && this.#sentBytes + bytes > inFlightBytesMax)) return;
      if (!this.#pacing.take(bytes)) return;
      this.#mark(entry, 'sent');
      entry.wasSent = true;
      if (!this.link.send(entry.text)) this.#mark(entry, 'unsure');
    }
  }

  /** `ready` has come. What was on its way is decided by the `sync` of its group. */
  online(): void {
    const { messagesPerSecondMax, bytesPerSecondMax } = this.context.session.limits;
    this.#stopped = false;
    this.#pacing.allow(messagesPerSecondMax, bytesPerSecondMax);
  }

  offline(): void {
    this.#pacing.stop();
    for (const entry of this.#entries.values()) if (entry.state === 'sent') this.#mark(entry, 'unsure');
  }

  /**
   * Everything of a group up to here is known, or lost: what was on its way is decided. After `recovered`, what has not come back was not
   * accepted; sent again by the same member, the gateway knows its id besides. After `reset` the log may have forgotten the id as well.
   */
  synced({ groupId, outcome }: SyncPayload): void {
    for (const entry of this.#of(groupId)) {
      if (entry.state !== 'unsure') continue;
      if (entry.seen !== undefined) this.#accept(entry, { ...entry.seen, duplicate: true });
      else if (outcome === 'recovered' || entry.resends) this.#mark(entry, 'queued');
      else this.#settle(entry, 'OUTCOME_UNKNOWN', 'the connection was lost before its answer, and the log does not say');
    }
    this.pump();
  }

  /** An own message has come back: it is in the log. */
  seen({ id, seq }: DataUpdateDelivery, epoch: string): void {
    const entry = id === undefined ? undefined : this.#entries.get(id);
    if (entry !== undefined) entry.seen = { epoch, seq };
  }

  acked({ id, epoch, seq, duplicate }: AckPayload): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined && epoch !== undefined && seq !== undefined)
      this.#accept(entry, { epoch, seq, duplicate: duplicate === true });
    this.pump();
  }

  /** @returns whether the error is about one of its messages. */
  refused({ code, message, id = '', retryAfterMs, retryable }: GatewayClientError): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    if (code === 'RATE_LIMITED' || code === 'INTERNAL') {
      this.#mark(entry, 'queued');
      this.#pacing.pause(retryAfterMs ?? RETRY_MS);
    } else {
      this.#settle(entry, code, message, retryable);
      this.pump();
    }
    return true;
  }

  /** The gateway did not read as far as the id, so any of those on the way may be meant: all are sent again. Their ids keep them from being doubled. */
  limited(retryAfterMs: number): void {
    for (const entry of this.#entries.values()) if (entry.state === 'sent') this.#mark(entry, 'queued');
    this.#pacing.pause(retryAfterMs);
  }

  /** Nothing will be sent to the group any more. */
  end(error: GatewayClientError, groupId?: string): void {
    for (const entry of groupId === undefined ? [...this.#entries.values()] : this.#of(groupId)) {
      this.#settle(entry, error.code, error.message);
    }
    if (groupId !== undefined) return;
    this.#stopped = error.code === 'STOPPED';
    this.#pacing.stop();
  }

  #of(groupId: string): Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.groupId === groupId);
  }

  #makeRoom(bytes: number): boolean {
    const { messagesMax, bytesMax, overflow } = this.#options;
    const isFull = () => this.#entries.size >= messagesMax || this.#bytes + bytes > bytesMax;
    if (overflow === 'drop-oldest' && bytes <= bytesMax) {
      for (const entry of [...this.#entries.values()]) {
        if (isFull() && !entry.wasSent) this.#settle(entry, 'DROPPED', 'made room for a newer message');
      }
    }
    return !isFull();
  }

  #mark(entry: Entry, state: Entry['state']): void {
    const change = Number(state === 'sent') - Number(entry.state === 'sent');
    this.#sent += change;
    this.#sentBytes += change * entry.bytes;
    entry.state = state;
  }

  #remove(entry: Entry): void {
    if (!this.#entries.delete(entry.id)) return;
    this.#mark(entry, 'queued');
    this.#bytes -= entry.bytes;
    entry.undo();
  }

  #accept(entry: Entry, { epoch, seq, duplicate }: Omit<Ack, 'id'>): void {
    this.#remove(entry);
    entry.promised.resolve({ id: entry.id, epoch, seq, duplicate });
  }

  #settle(entry: Entry, code: ErrorCode | ClientErrorCode, message: string, retryable = false): void {
    this.#remove(entry);
    const { id, groupId } = entry;
    entry.promised.reject(new GatewayClientError(code, message, { id, groupId, retryable }));
  }
}
