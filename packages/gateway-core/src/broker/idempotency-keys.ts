/** What a key takes beside its text: its record, and its entry in the map. */
const KEY_BYTES = 128;

interface KnownKey {
  readonly seq: number;
  /** Monotonic milliseconds, whole. */
  readonly at: number;
}

/** The idempotency keys of one log, with the `seq` of the message that each came with first. */
export class IdempotencyKeys {
  /** Oldest first. */
  readonly #known = new Map<string, KnownKey>();
  /** Memory that they take. */
  bytes = 0;

  get size(): number {
    return this.#known.size;
  }

  seqOf(key: string, oldestAt: number): number | undefined {
    const known = this.#known.get(key);
    return known !== undefined && known.at > oldestAt ? known.seq : undefined;
  }

  /** Remembers a key that is not known, or no longer. */
  add(key: string, seq: number, now: number): void {
    if (this.#known.has(key)) this.#forget(key);
    // A copy: the key may be a slice of what the client sent, all of which it would keep in memory. UTF-16, so that it is the same text.
    const copy = Buffer.from(key, 'utf16le').toString('utf16le');
    this.#known.set(copy, { seq, at: Math.floor(now) });
    this.bytes += bytesOf(copy);
  }

  /** Forgets the oldest key. */
  shift(): void {
    for (const [key] of this.#known) {
      this.#forget(key);
      return;
    }
  }

  /** Forgets the keys from `at` and before. */
  expire(at: number): void {
    for (const [key, known] of this.#known) {
      if (known.at > at) return;
      this.#forget(key);
    }
  }

  /** Forgets the keys of messages up to `seq`. */
  dropUntil(seq: number): void {
    for (const [key, known] of this.#known) {
      if (known.seq > seq) return;
      this.#forget(key);
    }
  }

  #forget(key: string): void {
    this.#known.delete(key);
    this.bytes -= bytesOf(key);
  }
}

function bytesOf(key: string): number {
  return KEY_BYTES + 2 * key.length;
}
