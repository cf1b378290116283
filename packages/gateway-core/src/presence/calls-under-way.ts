import type { Clock } from '../clock.js';

interface Call {
  readonly since: number;
  /** Settles with the answer, or when the call is given up. */
  readonly ended: Promise<void>;
  giveUp(): void;
}

/** Calls of a store that have not been answered, one for each key at a time. */
export class CallsUnderWay<Key> {
  readonly #calls = new Map<Key, Call>();

  /** @param what whose calls they are, for the error of one that is given up. */
  constructor(private readonly what: string) {}

  get size(): number {
    return this.#calls.size;
  }

  has(key: Key): boolean {
    return this.#calls.has(key);
  }

  /** Settles when the key's call has; `undefined` where there is none. Its place is free by then. */
  endOf(key: Key): Promise<void> | undefined {
    return this.#calls.get(key)?.ended;
  }

  /** @param late is called where the call succeeds after it was given up. */
  begin(key: Key, answer: Promise<void>, now: number, late: () => void): Promise<void> {
    let giveUp = () => {};
    const answered = new Promise<void>((resolve, reject) => {
      let isLate = false;
      giveUp = () => {
        isLate = true;
        reject(new Error(`the ${this.what} does not answer`));
      };
      answer.then(() => {
        if (isLate) late();
        else resolve();
      }, reject);
    });
    const ended = answered.finally(() => this.#calls.delete(key));
    this.#calls.set(key, { since: now, ended, giveUp });
    return ended;
  }

  /** Those that began at `since` or before fail. */
  giveUp(since: number): void {
    for (const call of this.#calls.values()) {
      if (call.since > since) return;
      call.giveUp();
    }
  }

  /** Resolves when none is left, nor any that began meanwhile, or when that time is over. */
  settledWithin(clock: Clock, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, timeoutMs);
      void this.#settled().then(() => {
        clock.clearTimeout(timer);
        resolve();
      });
    });
  }

  async #settled(): Promise<void> {
    while (this.#calls.size > 0) await Promise.allSettled([...this.#calls.values()].map(({ ended }) => ended));
  }
}
