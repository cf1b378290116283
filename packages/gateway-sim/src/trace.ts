import { createHash } from 'node:crypto';

/** Characters that are hashed at once. */
const UNHASHED_MAX = 65_536;

/** One thing that happened. */
export interface TraceEntry {
  /** Virtual milliseconds since the start. */
  readonly atMs: number;
  /** Who: a client, a gateway, the network, the plan. */
  readonly who: string;
  readonly what: string;
}

/**
 * What happened, in order. All of it goes into a hash: two runs are the same if and only if their hashes are. The entries themselves are kept only where
 * somebody will read them.
 */
export class Trace {
  readonly #hash = createHash('sha256');
  /** What the hash has not been given yet: a call for each line costs more than the hash itself. */
  #unhashed = '';
  readonly #entries: TraceEntry[] = [];

  constructor(private readonly keeps: boolean) {}

  add(atMs: number, who: string, what: string): void {
    this.#unhashed += `${atMs} ${who} ${what}\n`;
    if (this.#unhashed.length >= UNHASHED_MAX) this.#update();
    if (this.keeps) this.#entries.push({ atMs, who, what });
  }

  get entries(): readonly TraceEntry[] {
    return this.#entries;
  }

  /** SHA-256 of everything so far, in hexadecimal. */
  get hash(): string {
    this.#update();
    return this.#hash.copy().digest('hex');
  }

  #update(): void {
    this.#hash.update(this.#unhashed);
    this.#unhashed = '';
  }
}
