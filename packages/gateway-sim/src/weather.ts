import type { Asked, Manner } from './plan.js';

/** How hooks and parts answer at the moment. `gateway` counts from 0; the token function has none. */
export class Weather {
  readonly #manners = new Map<string, Manner>();

  /** @returns what ends it. Of two that overlap the later one counts. */
  begin(asked: Asked, gateway: number, manner: Manner): () => void {
    const key = `${asked} ${gateway}`;
    this.#manners.set(key, manner);
    return () => {
      if (this.#manners.get(key) === manner) this.#manners.delete(key);
    };
  }

  /** How the call is answered that is made now. */
  of(asked: Asked, gateway: number): Exclude<Manner, 'lost once'> | undefined {
    const key = `${asked} ${gateway}`;
    const manner = this.#manners.get(key);
    if (manner !== 'lost once') return manner;
    this.#manners.delete(key);
    return 'lost';
  }

  clear(): void {
    this.#manners.clear();
  }
}
