/** What an entry in one of the maps costs, about; `group-memory.test.ts` compares. */
const ENTRY_BYTES = 64;

/** Which messages of a log a reader that is behind may pass over: those of delivery `latest` that are not their key's newest, and `volatile` ones. */
export class Conflation {
  /** Those of delivery `latest`, by their key, and `volatile`. */
  readonly #passable = new Map<number, string | undefined>();
  /** Newest `seq` for each `key` in the log. */
  readonly #newest = new Map<string, number>();

  /** Takes the next message, where it may ever be passed over, and answers what that costs, in bytes. */
  add(seq: number, key: string | undefined): number {
    this.#passable.set(seq, key);
    if (key !== undefined) this.#newest.set(key, seq);
    return bytesOf(key);
  }

  /** Takes a message that is older than all of its key that are known, as `add` takes a newer one. */
  addOlder(seq: number, key: string | undefined): number {
    this.#passable.set(seq, key);
    if (key !== undefined && !this.#newest.has(key)) this.#newest.set(key, seq);
    return bytesOf(key);
  }

  /** Whether a reader that is behind may pass a message over, and as which kind. */
  passedOverAs(seq: number): 'latest' | 'volatile' | undefined {
    if (!this.#passable.has(seq)) return undefined;
    const key = this.#passable.get(seq);
    if (key === undefined) return 'volatile';
    return this.#newest.get(key) === seq ? undefined : 'latest';
  }

  /** How many messages from `from` to `to` a reader that is behind may pass over as this kind. */
  count(kind: 'latest' | 'volatile', from: number, to: number): number {
    let count = 0;
    for (const seq of this.#passable.keys()) if (seq >= from && seq <= to && this.passedOverAs(seq) === kind) count += 1;
    return count;
  }

  /** The newest message of the same key, where there is a newer one. */
  newerThan(seq: number): number | undefined {
    const key = this.#passable.get(seq);
    const newest = key === undefined ? undefined : this.#newest.get(key);
    return newest === seq ? undefined : newest;
  }

  /** Forgets a message that leaves the log, and answers the bytes that this frees. */
  drop(seq: number): number {
    if (!this.#passable.has(seq)) return 0;
    const key = this.#passable.get(seq);
    this.#passable.delete(seq);
    // An older message that goes is not its key's newest.
    if (key !== undefined && this.#newest.get(key) === seq) this.#newest.delete(key);
    return bytesOf(key);
  }
}

/** Of an entry in each map that it is in, with the key's text. */
function bytesOf(key: string | undefined): number {
  return key === undefined ? ENTRY_BYTES : 2 * ENTRY_BYTES + 2 * key.length;
}
