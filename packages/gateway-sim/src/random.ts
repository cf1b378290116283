/**
 * Numbers from a seed: the same seed gives the same numbers on every machine. Not for secrets.
 *
 * `fork` makes a source of its own for one purpose. What is drawn from it is independent of how much is drawn elsewhere, so a run from which
 * one action was taken out still meets the same latencies for the rest: shrinking depends on it.
 */
export class Random {
  // The state of sfc32 (Chris Doty-Humphrey, PractRand): four 32-bit words, and one of them a counter.
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(private readonly seed: string) {
    [this.#a, this.#b, this.#c] = [hashOf(seed, 0x9e3779b9), hashOf(seed, 0x243f6a88), hashOf(seed, 0xb7e15162)];
    for (let round = 0; round < 12; round += 1) this.#word();
  }

  /** A source of its own, for this purpose. */
  fork(purpose: string): Random {
    return new Random(`${this.seed}/${purpose}`);
  }

  /** From 0 up to 1. */
  next(): number {
    return this.#word() / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** `true` with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of them. @throws RangeError where there is none. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from');
    return items[this.integer(0, items.length - 1)] as T;
  }

  /** 32 hexadecimal digits. */
  id(): string {
    return [this.#word(), this.#word(), this.#word(), this.#word()].map((word) => word.toString(16).padStart(8, '0')).join('');
  }

  #word(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}

/** FNV-1a over UTF-16 code units, begun at `basis` and mixed at the end. */
function hashOf(text: string, basis: number): number {
  let hash = basis;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
