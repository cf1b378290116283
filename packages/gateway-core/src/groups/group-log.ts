import type { LogPosition } from 'gateway-protocol';
import type { BrokerEntry } from '../broker/broker.js';
import type { Limits } from '../limits.js';
import { deflatedFrame } from '../transport/deflate.js';
import { textFrame } from '../transport/frame.js';

interface LogEntry {
  readonly seq: number;
  readonly frame: Buffer;
  /** The same for receivers that take compressed frames; made when the first of them reads. */
  deflated: Buffer | undefined;
  /** Monotonic milliseconds. */
  readonly at: number;
  /** Set where the delivery is `latest`. */
  readonly key: string | undefined;
  readonly volatile: boolean;
}

/** What a cursor reads in one go. */
export interface Chunk {
  /** The frames of everything after the cursor up to `end`; absent where all of it was passed over. */
  readonly bytes: Buffer | undefined;
  /** Where the cursor stands after it. */
  readonly end: number;
  /** How many messages `bytes` holds. */
  readonly messages: number;
}

/** Bytes of the frames in all logs of a gateway together. */
export interface LogBudget {
  bytes: number;
}

/**
 * A group's messages, as finished frames, in `seq` order without holes. Bounded in messages, bytes and age by `trim`, which the group
 * calls after a flush: a live cursor never loses what it was about to read.
 */
export class GroupLog {
  #epoch: string;
  #headSeq: number;
  /** Entries from `#start` on are in the log; what stands before it is `undefined` and cut off now and then. */
  #entries: (LogEntry | undefined)[] = [];
  #start = 0;
  #bytes = 0;
  /** Newest `seq` for each `key` in the log. */
  readonly #newest = new Map<string, number>();

  constructor(
    position: LogPosition,
    private readonly limits: Limits,
    private readonly budget: LogBudget,
  ) {
    this.#epoch = position.epoch;
    this.#headSeq = position.seq;
  }

  get position(): LogPosition {
    return { epoch: this.#epoch, seq: this.#headSeq };
  }

  get headSeq(): number {
    return this.#headSeq;
  }

  get messages(): number {
    return this.#entries.length - this.#start;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Encodes an entry, once for all receivers. The broker delivers in order, so `entry.seq` is the one after the head. */
  append(entry: BrokerEntry, now: number): void {
    const frame = textFrame(`{"type":"data_update","seq":${entry.seq},${entry.body}`);
    const key = entry.delivery === 'latest' ? entry.key : undefined;
    this.#entries.push({ seq: entry.seq, frame, deflated: undefined, at: now, key, volatile: entry.delivery === 'volatile' });
    if (key !== undefined) this.#newest.set(key, entry.seq);
    this.#headSeq = entry.seq;
    this.#hold(frame.length);
  }

  /** Whether a cursor can read on without missing anything. */
  reaches(cursor: number): boolean {
    return cursor >= this.#headSeq - this.messages;
  }

  /**
   * What a cursor that the log reaches reads next: at most `limits.socketHighWaterMarkBytes`, but at least one message.
   * @param reader.behind superseded `latest` and all `volatile` entries are passed over.
   * @param reader.deflate it takes compressed frames.
   */
  read(cursor: number, reader: { behind: boolean; deflate: boolean }): Chunk {
    const frames: Buffer[] = [];
    let bytes = 0;
    let end = cursor;
    for (let index = this.#entries.length - (this.#headSeq - cursor); index < this.#entries.length; index += 1) {
      const entry = this.#entries[index] as LogEntry;
      if (!(reader.behind && this.#passedOver(entry))) {
        const frame = reader.deflate ? this.#deflated(entry) : entry.frame;
        if (frames.length > 0 && bytes + frame.length > this.limits.socketHighWaterMarkBytes) break;
        frames.push(frame);
        bytes += frame.length;
      }
      end = entry.seq;
    }
    return { bytes: frames.length <= 1 ? frames[0] : Buffer.concat(frames, bytes), end, messages: frames.length };
  }

  /** Drops what is over the limits, oldest first. */
  trim(now: number): void {
    const { logMessagesMax, logBytesMax, logAgeMaxMs } = this.limits;
    while (this.messages > 0) {
      const oldest = this.#entries[this.#start] as LogEntry;
      if (this.messages <= logMessagesMax && this.#bytes <= logBytesMax && now - oldest.at < logAgeMaxMs) break;
      this.#dropOldest(oldest);
    }
    this.#compact();
  }

  /** Drops the older half, to make room for other logs. */
  halve(): void {
    for (let left = Math.ceil(this.messages / 2); left > 0; left -= 1) this.#dropOldest(this.#entries[this.#start] as LogEntry);
    this.#compact();
  }

  /** Drops everything, and goes on from `position`: of another log, or of this one. */
  reset(position: LogPosition): void {
    this.#hold(-this.#bytes);
    this.#entries = [];
    this.#start = 0;
    this.#newest.clear();
    this.#epoch = position.epoch;
    this.#headSeq = position.seq;
  }

  #passedOver(entry: LogEntry): boolean {
    return entry.volatile || (entry.key !== undefined && this.#newest.get(entry.key) !== entry.seq);
  }

  #deflated(entry: LogEntry): Buffer {
    if (entry.deflated === undefined) {
      entry.deflated = deflatedFrame(entry.frame);
      this.#hold(bytesOf(entry) - entry.frame.length);
    }
    return entry.deflated;
  }

  #hold(bytes: number): void {
    this.#bytes += bytes;
    this.budget.bytes += bytes;
  }

  #dropOldest(entry: LogEntry): void {
    this.#entries[this.#start] = undefined;
    this.#start += 1;
    this.#hold(-bytesOf(entry));
    if (entry.key !== undefined && this.#newest.get(entry.key) === entry.seq) this.#newest.delete(entry.key);
  }

  /** Cuts off the dropped front once it is the larger part: O(1) per message on average. */
  #compact(): void {
    if (this.#start === this.#entries.length) {
      this.#entries = [];
      this.#start = 0;
    } else if (this.#start > 64 && this.#start * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
  }
}

function bytesOf({ frame, deflated }: LogEntry): number {
  return deflated === undefined || deflated === frame ? frame.length : frame.length + deflated.length;
}
