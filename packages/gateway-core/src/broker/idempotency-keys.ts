/** What a key takes beside its text: its `seq`, its time, and its entry in the map. */
const KEY_BYTES = 128;

/** The idempotency keys of one log, with the `seq` of the message that each came with first. */
export class IdempotencyKeys {
  /** Oldest first. Numbers and no records: there are many, and a message pays for the memory that they take from caches. */
  readonly #seqs = new Map<string, number>();
  /** When each came, in the same order, in monotonic milliseconds, whole. */
  readonly #times: number[] = [];
  /** Memory that they take. */
  bytes = 0;

  get size(): number {
    return this.#seqs.size;
  }

  /** When the oldest came, in monotonic milliseconds; of none, never. */
  get oldestAt(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY;
  }

  seqOf(key: string): number | undefined {
    return this.#seqs.get(key);
  }

  /** Remembers a key that is not known. */
  add(key: string, seq: number, now: number): void {
    this.#seqs.set(key, seq);
    this.#times.push(Math.floor(now));
    this.bytes += bytesOf(key);
  }

  /** Forgets the oldest key. */
  shift(): void {
    for (const key of this.#seqs.keys()) {
      this.#forgetOldest(key);
      return;
    }
  }

  /** Forgets the keys from `at` and before. */
  expire(at: number): void {
    while (this.oldestAt <= at) this.shift();
  }

  /** Forgets the keys of messages up to `seq`. */
  dropUntil(seq: number): void {
    for (const [key, known] of this.#seqs) {
      if (known > seq) return;
      this.#forgetOldest(key);
    }
  }

  #forgetOldest(key: string): void {
    this.#seqs.delete(key);
    this.#times.shift();
    this.bytes -= bytesOf(key);
  }
}

function bytesOf(key: string): number {
  return KEY_BYTES + 2 * key.length;
}
