import { createHash } from 'node:crypto';

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
  readonly #entries: TraceEntry[] = [];

  constructor(private readonly keeps: boolean) {}

  add(atMs: number, who: string, what: string): void {
    this.#hash.update(`${atMs} ${who} ${what}\n`);
    if (this.keeps) this.#entries.push({ atMs, who, what });
  }

  get entries(): readonly TraceEntry[] {
    return this.#entries;
  }

  /** SHA-256 of everything so far, in hexadecimal. */
  get hash(): string {
    return this.#hash.copy().digest('hex');
  }
}
