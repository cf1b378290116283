import type { Asked, Manner } from './plan.js';

/** How hooks and parts answer at the moment. `gateway` counts from 0; the token function has none. */
export class Weather {
  readonly #manners = new Map<string, { manner: Manner; skips: number }>();

  /** @param skips calls that `lost once` lets pass. @returns what ends it. Of two that overlap the later one counts. */
  begin(asked: Asked, gateway: number, manner: Manner, skips = 0): () => void {
    const key = `${asked} ${gateway}`;
    const begun = { manner, skips };
    this.#manners.set(key, begun);
    return () => {
      if (this.#manners.get(key) === begun) this.#manners.delete(key);
    };
  }

  /** How the call is answered that is made now. */
  of(asked: Asked, gateway: number): Exclude<Manner, 'lost once'> | undefined {
    const key = `${asked} ${gateway}`;
    const begun = this.#manners.get(key);
    if (begun?.manner !== 'lost once') return begun?.manner;
    if (begun.skips > 0) {
      begun.skips -= 1;
      return undefined;
    }
    this.#manners.delete(key);
    return 'lost';
  }

  clear(): void {
    this.#manners.clear();
  }
}
