import type { BrokerMessage, MemberFence, PublishedPosition } from 'gateway-core';
import type { Connection } from './connection.js';
import { batchText, entryText } from './entry-text.js';
import { isLost, RedisBackendError, unavailable } from './errors.js';
import type { Appended, PublishCalls, PublishedBatch } from './publish-calls.js';

/** Bounds of the messages that a node has not had answered; see `RedisLimits`. */
export interface BatchLimits {
  batchMessagesMax: number;
  batchBytesMax: number;
  pendingBytesMax: number;
  logMessagesMax: number;
  logBytesMax: number;
  idempotencyKeysMax: number;
}

/** A command inside of a script takes no more arguments than some thousands. */
const BATCH_MESSAGES_MAX = 1_000;

interface Publish {
  readonly entry: string;
  /** Of the entry, in bytes. */
  readonly length: number;
  readonly idempotencyKey: string | undefined;
  readonly fence: MemberFence | undefined;
  readonly bytes: number;
  readonly since: number;
  resolve(position: PublishedPosition): void;
  reject(error: unknown): void;
}

interface Batch extends PublishedBatch {
  readonly messages: readonly Publish[];
  /** Whether it may have been carried out. */
  isDoubtful: boolean;
}

/** What the publishes of a node share. */
export interface BatchContext {
  readonly connection: Connection;
  readonly calls: PublishCalls;
  readonly limits: BatchLimits;
  readonly publishTimeoutMs: number;
  now(): number;
  endOfTurn(task: () => void): void;
  counter(): number;
  /** Bytes that wait, of all groups. */
  hold(bytes: number): number;
}

/**
 * What a node publishes to one group: in the order of the calls, one batch under way at a time. What comes while one is under way makes up the
 * next, so the batches grow with the load. A batch is sent again after a broken connection: its counter makes that harmless.
 */
export class Batches {
  #pending: Publish[] = [];
  #underWay: Batch | undefined;
  #flushes = false;

  constructor(
    private readonly context: BatchContext,
    /** Of the log, and its channel. */
    private readonly keys: readonly string[],
    private readonly acknowledged: (epoch: string, seq: number) => void,
  ) {}

  get isIdle(): boolean {
    return this.#underWay === undefined && this.#pending.length === 0;
  }

  publish(message: BrokerMessage): Promise<PublishedPosition> {
    const { limits, now, hold } = this.context;
    const entry = entryText(message);
    const length = Buffer.byteLength(entry);
    const bytes = length + 64;
    if (hold(0) + bytes > limits.pendingBytesMax) return Promise.reject(unavailable('too much waits to be published'));
    hold(bytes);
    return new Promise((resolve, reject) => {
      const { idempotencyKey, fence } = message;
      this.#pending.push({ entry, length, idempotencyKey, fence, bytes, since: now(), resolve, reject });
      this.#flushLater();
    });
  }

  /** The connection is there again: what is under way may have got lost. */
  up(): void {
    if (this.#underWay !== undefined) void this.#send(this.#underWay);
    else this.#flush();
  }

  /** Refuses what has waited for too long. */
  sweep(now: number): void {
    const { publishTimeoutMs } = this.context;
    const isOver = ({ since }: Publish) => now - since >= publishTimeoutMs;
    const batch = this.#underWay;
    if (batch?.messages.some(isOver)) {
      // The counter moves on, so that the log refuses it should it still come.
      this.#underWay = undefined;
      this.#refuse(batch.messages, batch.isDoubtful ? doubtful() : unavailable(this.context.connection.reason));
    }
    const late = this.#pending.findIndex((publish) => !isOver(publish));
    const over = this.#pending.splice(0, late < 0 ? this.#pending.length : late);
    // Of each log four times a second, and an error takes some µs: none where there is nobody to be told.
    if (over.length > 0) this.#refuse(over, unavailable(this.context.connection.reason));
    if (batch !== undefined && this.#underWay === undefined) this.#flush();
  }

  close(error: Error): void {
    const batch = this.#underWay;
    this.#underWay = undefined;
    this.#refuse([...(batch?.messages ?? []), ...this.#pending.splice(0)], error);
  }

  #flushLater(): void {
    if (this.#flushes || this.#underWay !== undefined) return;
    this.#flushes = true;
    this.context.endOfTurn(() => {
      this.#flushes = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#underWay !== undefined || this.#pending.length === 0 || this.context.connection.state !== 'up') return;
    const { batchMessagesMax, batchBytesMax } = this.context.limits;
    let count = 0;
    let bytes = 0;
    for (const publish of this.#pending) {
      bytes += publish.bytes;
      if (count > 0 && (count >= Math.min(batchMessagesMax, BATCH_MESSAGES_MAX) || bytes > batchBytesMax)) break;
      count += 1;
    }
    const messages = this.#pending.splice(0, count);
    this.#underWay = { counter: this.context.counter(), messages, text: batchText(messages), isDoubtful: false };
    void this.#send(this.#underWay);
  }

  async #send(batch: Batch): Promise<void> {
    let reply: Appended;
    try {
      reply = await this.context.calls.append(this.keys, batch);
    } catch (error) {
      if (this.#underWay !== batch) return;
      if (isLost(error)) {
        // Sent again when the connection is there again, see `up`.
        if (error.code === 'UNKNOWN_OUTCOME') batch.isDoubtful = true;
        return;
      }
      this.#underWay = undefined;
      this.#refuse(batch.messages, error);
      this.#flush();
      return;
    }
    if (this.#underWay === batch) this.#answered(batch, reply);
  }

  #answered(batch: Batch, { epoch, answer }: Appended): void {
    this.#underWay = undefined;
    const answers = answersOf(answer, batch.messages.length);
    if (answers === undefined) {
      this.#refuse(batch.messages, doubtful());
    } else {
      let seqMax = 0;
      for (const [index, { bytes, resolve, reject }] of batch.messages.entries()) {
        this.context.hold(-bytes);
        const { seq, duplicate } = answers[index] as Answer;
        if (seq === undefined) reject(new RedisBackendError('FENCED', 'another gateway has the member that says it'));
        else resolve(duplicate === undefined ? { epoch, seq } : { epoch, seq, duplicate });
        seqMax = Math.max(seqMax, seq ?? 0);
      }
      this.acknowledged(epoch, seqMax);
    }
    this.#flush();
  }

  #refuse(messages: readonly Publish[], error: unknown): void {
    for (const { bytes, reject } of messages) {
      this.context.hold(-bytes);
      reject(error);
    }
  }
}

/** What becomes of one message of a batch; no `seq`: it is refused. */
interface Answer {
  readonly seq?: number;
  readonly duplicate?: true;
}

/** As `PUBLISH` says it of all messages of a batch; `undefined` where it does not. */
function answersOf(text: string, count: number): Answer[] | undefined {
  if (text === '') return undefined;
  const each = text.split(',');
  if (each.length === 1 && /^\d/.test(text)) return Array.from({ length: count }, (_, nth) => ({ seq: Number(text) + nth }));
  if (each.length !== count) return undefined;
  return each.map((one) => {
    if (one === '!') return {};
    return one.startsWith('=') ? { seq: Number(one.slice(1)), duplicate: true } : { seq: Number(one) };
  });
}

function doubtful(): RedisBackendError {
  return new RedisBackendError('UNKNOWN_OUTCOME', 'Redis has not said within publishTimeoutMs whether it has the message');
}
