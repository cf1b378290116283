/** What a key takes beside its text: its `seq`, its time, and its entry in the map. */
const KEY_BYTES = 128;
/** Forgotten keys that are let lie until they are a quarter of all. */
const KEPT_FORGOTTEN = 64;

/** The idempotency keys of one log, with the `seq` of the message that each came with first. */
export class IdempotencyKeys {
  /** Numbers and no records: there are many, and a message pays for the memory that they take from caches. */
  readonly #seqs = new Map<string, number>();
  /**
   * Oldest first, those before `#oldest` being forgotten: a map would look for its first entry through all that were deleted, and `shift`
   * of an array would move all others.
   */
  readonly #keys: string[] = [];
  /** When each came, in monotonic milliseconds, whole. */
  readonly #times: number[] = [];
  #oldest = 0;
  /** Memory that they take. */
  bytes = 0;

  get size(): number {
    return this.#seqs.size;
  }

  /** When the oldest came, in monotonic milliseconds; of none, never. */
  get oldestAt(): number {
    return this.#times[this.#oldest] ?? Number.POSITIVE_INFINITY;
  }

  seqOf(key: string): number | undefined {
    return this.#seqs.get(key);
  }

  /** Remembers a key that is not known. */
  add(key: string, seq: number, now: number): void {
    this.#seqs.set(key, seq);
    this.#keys.push(key);
    this.#times.push(Math.floor(now));
    this.bytes += bytesOf(key);
  }

  /** Forgets the oldest key. */
  shift(): void {
    const key = this.#keys[this.#oldest];
    if (key === undefined) return;
    this.#seqs.delete(key);
    this.bytes -= bytesOf(key);
    this.#oldest += 1;
    if (this.#oldest < KEPT_FORGOTTEN || this.#oldest * 4 < this.#keys.length) return;
    this.#keys.splice(0, this.#oldest);
    this.#times.splice(0, this.#oldest);
    this.#oldest = 0;
  }

  /** Forgets the keys from `at` and before. */
  expire(at: number): void {
    while (this.oldestAt <= at) this.shift();
  }

  /** Forgets the keys of messages up to `seq`. */
  dropUntil(seq: number): void {
    for (let key = this.#keys[this.#oldest]; key !== undefined; key = this.#keys[this.#oldest]) {
      if ((this.#seqs.get(key) as number) > seq) return;
      this.shift();
    }
  }
}

function bytesOf(key: string): number {
  return KEY_BYTES + 2 * key.length;
}
