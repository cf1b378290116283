import type { BrokerEntry, BrokerReceiver, BrokerSubscription, LogPosition, MemoryBroker, ResetReason } from 'gateway-core';
import { entryFrame, type Frame, resetFrame } from './messages.js';

/** Entries that are read from the log at once for who is behind. */
const READ_ENTRIES = 64;

/** A worker, as a feed sees it. */
export interface Reader {
  /** It is sent nothing that the log can keep. */
  readonly isFull: boolean;
  send(frame: Frame): void;
  /** It was passed over, and is to be caught up when it has room. */
  fellBehind(feed: Feed): void;
}

/** Where a worker stands in a group's log. */
interface Cursor {
  /** Of the last entry that it was sent. */
  seq: number;
  /** It was passed over, and reads on from the log when it has room. */
  isBehind: boolean;
  /** How often it has subscribed. */
  subscriptions: number;
}

/**
 * One group's log for all workers that want it: each is a cursor. One whose socket is full is sent nothing more, and reads on from the
 * broker's history when it has room.
 */
export class Feed implements BrokerReceiver {
  readonly #cursors = new Map<Reader, Cursor>();
  readonly #subscription: BrokerSubscription;
  /** Where the log stands. */
  #head: LogPosition;

  /** @param topic which the group is, in frames. */
  constructor(
    readonly topic: number,
    readonly groupId: string,
    private readonly broker: MemoryBroker,
  ) {
    this.#subscription = broker.subscribe(groupId, this);
    this.#head = { ...this.#subscription.position };
  }

  /** @returns where the log stands: the reader is sent what comes after it. */
  add(reader: Reader): LogPosition {
    const cursor = this.#cursors.get(reader);
    if (cursor !== undefined) cursor.subscriptions += 1;
    else this.#cursors.set(reader, { seq: this.#head.seq, isBehind: false, subscriptions: 1 });
    return this.#head;
  }

  /** Takes one of a reader's subscriptions back. @returns whether it has others. */
  remove(reader: Reader): boolean {
    const cursor = this.#cursors.get(reader);
    if (cursor === undefined) return false;
    cursor.subscriptions -= 1;
    if (cursor.subscriptions === 0) this.#cursors.delete(reader);
    return cursor.subscriptions > 0;
  }

  /** The reader is gone, with all of its subscriptions. */
  drop(reader: Reader): void {
    this.#cursors.delete(reader);
  }

  /** Nobody wants the group. */
  get isUnread(): boolean {
    return this.#cursors.size === 0;
  }

  end(): void {
    void this.#subscription.unsubscribe();
  }

  deliver(entry: BrokerEntry): void {
    this.#head = { epoch: this.#head.epoch, seq: entry.seq };
    const frame = entryFrame(this.topic, entry);
    for (const [reader, cursor] of this.#cursors) {
      if (!cursor.isBehind && reader.isFull) {
        cursor.isBehind = true;
        reader.fellBehind(this);
      }
      if (cursor.isBehind) continue;
      cursor.seq = entry.seq;
      reader.send(frame);
    }
  }

  reset(position: LogPosition, reason?: ResetReason): void {
    this.#head = position;
    for (const [reader, cursor] of this.#cursors) this.#reset(reader, cursor, position, reason);
  }

  /** Sends a reader what it has missed. @returns whether that is all; else it is full again. */
  catchUp(reader: Reader): boolean {
    const cursor = this.#cursors.get(reader);
    if (!cursor?.isBehind) return true;
    const { epoch } = this.#head;
    while (!reader.isFull) {
      const { entries, lost, head } = this.broker.history(this.groupId, { epoch, seq: cursor.seq }, READ_ENTRIES);
      if (entries === undefined) this.#reset(reader, cursor, head, lost);
      for (const entry of entries ?? []) {
        if (reader.isFull) return false;
        reader.send(entryFrame(this.topic, entry));
        cursor.seq = entry.seq;
      }
      cursor.isBehind = cursor.seq < head.seq;
      if (!cursor.isBehind) return true;
    }
    return false;
  }

  #reset(reader: Reader, cursor: Cursor, position: LogPosition, reason: ResetReason | undefined): void {
    cursor.seq = position.seq;
    cursor.isBehind = false;
    reader.send(resetFrame(this.topic, position, reason));
  }
}
