import type { LogPosition } from 'gateway-protocol';
import type { BrokerEntry } from '../broker/broker.js';
import type { Limits } from '../limits.js';
import { headerLength, payloadOf } from '../transport/frame.js';
import type { Chunk, Reader } from './chunk.js';
import { collectSlabs } from './collect-slabs.js';
import { Conflation } from './conflation.js';
import { DeflatedFrames } from './deflated-frames.js';
import type { LogBudget, LogOwner } from './log-budget.js';
import { LogMemory, MESSAGE_OVERHEAD, SLAB_OVERHEAD } from './log-memory.js';
import { LogSlab, SLAB_BYTES_MAX, SLAB_BYTES_MIN, textOf } from './log-slab.js';
import { bytesOf, olderEntries, slabsOf } from './older-entries.js';

/**
 * A group's messages, as finished frames, in `seq` order without holes. Bounded in messages and bytes by `trim`, which the group calls
 * after a flush: a live cursor never loses what it was about to read. Bounded in age by `expire`, which the sweep calls.
 */
export class GroupLog extends LogMemory {
  /** Set where it goes on under another one. */
  epoch: string;
  #headSeq: number;
  /** `seq` of the oldest message; one after the head where there is none. */
  #firstSeq: number;
  /** Oldest first; the last one takes what comes. */
  #slabs: LogSlab[] = [];
  /** Bytes of the frames in the log, as `limits.logBytesMax` counts them. */
  bytes = 0;
  /** Most logs need neither of these two. */
  conflation: Conflation | undefined;
  #deflated: DeflatedFrames | undefined;

  constructor(
    position: LogPosition,
    private readonly limits: Limits,
    budget: LogBudget,
    owner: LogOwner,
  ) {
    super(budget, owner);
    this.epoch = position.epoch;
    this.#headSeq = position.seq;
    this.#firstSeq = position.seq + 1;
  }

  get position(): LogPosition {
    return { epoch: this.epoch, seq: this.#headSeq };
  }

  get headSeq(): number {
    return this.#headSeq;
  }

  get messages(): number {
    return this.#headSeq - this.#firstSeq + 1;
  }

  /** `seq` of the oldest message; one after the head where there is none. */
  get firstSeq(): number {
    return this.#firstSeq;
  }

  /** Encodes an entry, once for all receivers. The broker delivers in order, so `entry.seq` is the one after the head. */
  append(entry: BrokerEntry, now: number): void {
    const { seq, body, delivery } = entry;
    const text = textOf(seq, body);
    const length = Buffer.byteLength(text);
    const frameLength = headerLength(length) + length;
    this.#slabFor(frameLength, seq).append(text, length, now);
    if (delivery !== undefined) this.#conflate(entry, 'add');
    this.#headSeq = seq;
    this.bytes += frameLength;
    this.hold(MESSAGE_OVERHEAD);
  }

  /**
   * Puts older entries in front of the log, oldest first: those that follow each other up to its first one, and of them the newest for which
   * the limits leave room. They are as old as `now`, so what comes after them stays until they have expired.
   */
  prepend(entries: readonly BrokerEntry[], now: number): void {
    const { logMessagesMax, logBytesMax } = this.limits;
    const room = { messages: logMessagesMax - this.messages, bytes: logBytesMax - this.bytes };
    const older = olderEntries(entries, this.#firstSeq, room);
    if (older.length === 0) return;
    this.#cutFront();
    const slabs = slabsOf(older, now);
    for (const { size } of slabs) this.hold(size + SLAB_OVERHEAD);
    for (const { entry } of older.toReversed()) this.#conflate(entry, 'addOlder');
    this.hold(older.length * MESSAGE_OVERHEAD);
    this.#slabs.unshift(...slabs);
    this.bytes += bytesOf(older);
    this.#firstSeq -= older.length;
    this.count();
  }

  /** Whether the log has this very entry. */
  holds({ seq, body }: BrokerEntry): boolean {
    if (seq < this.#firstSeq || seq > this.#headSeq) return false;
    return payloadOf(this.slabOf(seq).frames(seq, seq)).equals(Buffer.from(textOf(seq, body)));
  }

  /** Whether a cursor can read on without missing anything. */
  reaches(cursor: number): boolean {
    return cursor >= this.#firstSeq - 1;
  }

  /** What a cursor that the log reaches reads next, up to `until`: at most `limits.socketHighWaterMarkBytes`, but at least one message. */
  read(cursor: number, reader: Reader, until = this.#headSeq): Chunk {
    const last = this.#slabs[this.#slabs.length - 1] as LogSlab;
    const plain = !reader.deflate && !(reader.behind && this.conflation !== undefined);
    // Nearly always: everything is in one piece already.
    if (plain && cursor >= last.firstSeq - 1 && last.lengthOf(cursor + 1, until) <= this.limits.socketHighWaterMarkBytes) {
      return { bytes: last.frames(cursor + 1, until), end: until, messages: until - cursor, latest: 0, volatile: 0 };
    }
    if (!plain) return this.#collect(cursor, reader, until);
    return collectSlabs((seq) => this.slabOf(seq), cursor, until, this.limits.socketHighWaterMarkBytes);
  }

  /** Drops what is over the limits, oldest first, but nothing after `until`. */
  trim(until: number): void {
    const { logMessagesMax, logBytesMax } = this.limits;
    // Most flushes end here, without a look at the oldest slab, which no cache holds any more.
    if (this.messages <= logMessagesMax && this.bytes <= logBytesMax) return;
    this.#dropWhile(until, () => this.messages > logMessagesMax || this.bytes > logBytesMax);
  }

  /** Drops what is too old, but nothing after `until`. */
  expire(now: number, until: number): void {
    this.#dropWhile(until, (cameAt) => now - cameAt >= this.limits.logAgeMaxMs);
  }

  /** `seq` of the last message in the oldest slab. */
  get oldestSlabEnd(): number {
    return this.#slabs[0]?.lastSeq ?? this.#headSeq;
  }

  /** Drops the messages of the oldest slab, to make room for other logs. */
  dropOldestSlab(): void {
    this.#dropWhile(this.oldestSlabEnd, () => true);
  }

  /** Drops everything, and goes on from `position`: of another log, or of this one. */
  reset(position: LogPosition): void {
    this.free();
    this.bytes = 0;
    this.#slabs = [];
    this.conflation = undefined;
    this.#deflated = undefined;
    this.epoch = position.epoch;
    this.#headSeq = position.seq;
    this.#firstSeq = position.seq + 1;
  }

  #collect(cursor: number, reader: Reader, until: number): Chunk {
    const frames: Buffer[] = [];
    let bytes = 0;
    const passed = { latest: 0, volatile: 0 };
    let end = cursor;
    while (end < until) {
      const seq = end + 1;
      const passedAs = reader.behind ? this.conflation?.passedOverAs(seq) : undefined;
      if (passedAs !== undefined) {
        passed[passedAs] += 1;
      } else {
        const frame = reader.deflate ? this.#deflatedFrame(seq) : this.slabOf(seq).frames(seq, seq);
        if (frames.length > 0 && bytes + frame.length > this.limits.socketHighWaterMarkBytes) break;
        frames.push(frame);
        bytes += frame.length;
      }
      end = seq;
    }
    const all = frames.length <= 1 ? frames[0] : Buffer.concat(frames, bytes);
    return { bytes: all, end, messages: frames.length, ...passed };
  }

  #deflatedFrame(seq: number): Buffer {
    const known = this.#deflated?.get(seq);
    if (known !== undefined) return known;
    const frame = this.slabOf(seq).frames(seq, seq);
    this.#deflated ??= new DeflatedFrames();
    this.hold(this.#deflated.add(seq, frame));
    return this.#deflated.get(seq) ?? frame;
  }

  #conflate({ seq, delivery, key }: BrokerEntry, add: 'add' | 'addOlder'): void {
    if (delivery !== 'latest' && delivery !== 'volatile') return;
    this.conflation ??= new Conflation();
    this.hold(this.conflation[add](seq, delivery === 'latest' ? key : undefined));
  }

  /** Lets the oldest slab begin where the log does: what has been dropped of it would be read for what is put in its place. */
  #cutFront(): void {
    const [oldest] = this.#slabs;
    if (oldest === undefined || oldest.firstSeq === this.#firstSeq) return;
    const rest = oldest.from(this.#firstSeq);
    this.#slabs[0] = rest;
    this.hold(rest.size - oldest.size);
  }

  /** The slab that the next frame goes to. */
  #slabFor(frameLength: number, seq: number): LogSlab {
    const last = this.#slabs[this.#slabs.length - 1];
    if (last !== undefined && last.size - last.used >= frameLength) return last;
    const usual = Math.max(SLAB_BYTES_MIN, Math.min(this.bytes, SLAB_BYTES_MAX, this.limits.logBytesMax));
    const slab = new LogSlab(seq, Math.max(usual, frameLength));
    this.#slabs.push(slab);
    this.hold(slab.size + SLAB_OVERHEAD);
    return slab;
  }

  /** The slab of a message in the log. Most readers are near the head. */
  slabOf(seq: number): LogSlab {
    let index = this.#slabs.length - 1;
    while ((this.#slabs[index] as LogSlab).firstSeq > seq) index -= 1;
    return this.#slabs[index] as LogSlab;
  }

  /** Drops messages up to `until`, oldest first, for as long as they are to go. */
  #dropWhile(until: number, isToGo: (cameAt: number) => boolean): void {
    for (const slab of this.#slabs) {
      const last = Math.min(slab.lastSeq, until);
      while (this.#firstSeq <= last && isToGo(slab.timeOf(this.#firstSeq))) this.#dropOldest(slab);
      if (this.#firstSeq <= slab.lastSeq) break;
    }
    this.#release();
    this.count();
  }

  #dropOldest(slab: LogSlab): void {
    const seq = this.#firstSeq;
    this.#firstSeq += 1;
    this.bytes -= slab.lengthOf(seq, seq);
    this.hold(-MESSAGE_OVERHEAD);
    if (this.#deflated !== undefined) this.hold(-this.#deflated.drop(seq));
    if (this.conflation !== undefined) this.hold(-this.conflation.drop(seq));
  }

  /** Gives slabs back that hold nothing any more. */
  #release(): void {
    let empty = 0;
    for (let slab = this.#slabs[0]; slab !== undefined && slab.lastSeq < this.#firstSeq; slab = this.#slabs[empty]) {
      this.hold(-slab.size - SLAB_OVERHEAD);
      empty += 1;
    }
    if (empty > 0) this.#slabs = this.#slabs.slice(empty);
  }
}
