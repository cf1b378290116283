import type { LogPosition } from 'gateway-protocol';
import type { BrokerEntry, BrokerHistory, BrokerReceiver } from './broker.js';
import { IdempotencyKeys } from './idempotency-keys.js';

/** What an entry takes beside its text and key: its record, and its place in the list. */
const ENTRY_BYTES = 160;

/** An entry that is kept for `history`. */
interface KeptEntry extends BrokerEntry {
  /** Monotonic milliseconds, whole. */
  readonly at: number;
  readonly bytes: number;
}

/** The log of one group in a `MemoryBroker`: who takes its entries, and the newest of them. */
export class Topic {
  seq = 0;
  /** With the `seq` after which each takes entries. */
  readonly receivers = new Map<BrokerReceiver, number>();
  /** When it was published to or left last, in monotonic milliseconds, while nobody is subscribed. */
  idleSince = 0;
  /** When it was last looked at for what is too old, in monotonic milliseconds. */
  lookedAt = 0;
  /** The newest entries, oldest first. */
  readonly #history: KeptEntry[] = [];
  /** Characters of their bodies. */
  historyLength = 0;
  /** Memory that they take. */
  #historyBytes = 0;
  /** Most logs need none. */
  #keys: IdempotencyKeys | undefined;
  #delivering = false;
  /** What receivers publish while an entry is delivered. */
  readonly #next: BrokerEntry[] = [];

  constructor(
    readonly groupId: string,
    readonly epoch: string,
  ) {}

  get historySize(): number {
    return this.#history.length;
  }

  get keysSize(): number {
    return this.#keys?.size ?? 0;
  }

  /** Memory that entries and idempotency keys take. */
  get keptBytes(): number {
    return this.#historyBytes + (this.#keys?.bytes ?? 0);
  }

  get isKeepingAny(): boolean {
    return this.#history.length > 0 || this.#keys !== undefined;
  }

  /** One entry after the other: one that a receiver publishes meanwhile would reach those after it before this one does. */
  deliver(entry: BrokerEntry): void {
    if (this.#delivering) {
      this.#next.push(entry);
      return;
    }
    this.#delivering = true;
    try {
      for (let next: BrokerEntry | undefined = entry; next !== undefined; next = this.#next.shift()) {
        for (const [receiver, since] of this.receivers) if (next.seq > since) receiver.deliver(next);
      }
    } finally {
      this.#delivering = false;
      this.#next.length = 0;
    }
  }

  keep({ seq, body, delivery, key }: BrokerEntry, now: number): void {
    // A copy: the body is put together from slices of what the client sent, all of which it would keep in memory.
    const utf8 = Buffer.from(body);
    // Two bytes for each character, unless all are ASCII.
    const bytes = ENTRY_BYTES + (utf8.length === body.length ? body.length : 2 * body.length) + 2 * (key?.length ?? 0);
    this.#history.push({ seq, body: utf8.toString(), delivery, key, at: Math.floor(now), bytes });
    this.historyLength += body.length;
    this.#historyBytes += bytes;
  }

  /** The `seq` of the message that came with an idempotency key, where it is known. */
  seqOf(idempotencyKey: string): number | undefined {
    return this.#keys?.seqOf(idempotencyKey);
  }

  keepKey(idempotencyKey: string, seq: number, now: number): void {
    this.#keys ??= new IdempotencyKeys();
    this.#keys.add(idempotencyKey, seq, now);
  }

  /** Forgets the oldest idempotency key. */
  shiftKey(): void {
    this.#keys?.shift();
    this.#releaseKeys();
  }

  /** Drops the oldest entry and its idempotency key, or the oldest key where there is no entry, to make room for other logs. */
  giveOldest(): void {
    const oldest = this.#history[0];
    if (oldest === undefined) {
      this.shiftKey();
      return;
    }
    this.shift();
    this.#keys?.dropUntil(oldest.seq);
    this.#releaseKeys();
  }

  /** Drops the oldest entry. */
  shift(): void {
    const entry = this.#history.shift();
    if (entry === undefined) return;
    this.historyLength -= entry.body.length;
    this.#historyBytes -= entry.bytes;
  }

  /** Drops the entries and the idempotency keys from `at` and before. */
  expire(at: number): void {
    for (let oldest = this.#history[0]; oldest !== undefined && oldest.at <= at; oldest = this.#history[0]) this.shift();
    this.#keys?.expire(at);
    this.#releaseKeys();
  }

  get position(): LogPosition {
    return { epoch: this.epoch, seq: this.seq };
  }

  /** The entries after a position, or why they are not all there. */
  after({ epoch, seq }: LogPosition, limit: number): BrokerHistory {
    const head = this.position;
    if (epoch !== this.epoch) return { lost: 'epoch', head };
    const missing = this.seq - seq;
    if (missing < 0) return { lost: 'ahead', head };
    if (missing > this.#history.length) return { lost: 'trimmed', head };
    const first = this.#history.length - missing;
    const kept = this.#history.slice(first, first + limit);
    return { entries: kept.map(({ at: _at, bytes: _bytes, ...entry }) => entry), head };
  }

  #releaseKeys(): void {
    if (this.#keys?.size === 0) this.#keys = undefined;
  }
}
