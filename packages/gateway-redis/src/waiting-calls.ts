import type { Clock } from 'gateway-core';

interface Call {
  readonly since: number;
  go(): void;
  fail(error: Error): void;
}

/** Calls that wait for a connection, in the order in which they came. */
export class WaitingCalls {
  readonly #calls = new Set<Call>();

  constructor(private readonly clock: Clock) {}

  get isEmpty(): boolean {
    return this.#calls.size === 0;
  }

  wait(): Promise<void> {
    return new Promise((go, fail) => {
      this.#calls.add({ since: this.clock.monotonicMs(), go, fail });
    });
  }

  go(): void {
    const calls = [...this.#calls];
    this.#calls.clear();
    for (const { go } of calls) go();
  }

  /** Refuses those that came until then. */
  fail(until: number, error: () => Error): void {
    for (const call of this.#calls) {
      if (call.since > until) break;
      this.#calls.delete(call);
      call.fail(error());
    }
  }
}
