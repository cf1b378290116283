import type { Clock } from 'gateway-core';
import type { CloseAction } from 'gateway-protocol';

/** Attempts to come back, and the pauses between them. */
const ATTEMPTS_MAX = 6;
const PAUSE_MS = 500;
const BACK_OFF_MS = 10_000;
/** How long a connection must have stood before attempts are counted anew: a gateway may take one and close it, without end. */
const STABLE_MS = 10_000;

/** Whether one whose connection is over comes back, and when. */
export class Attempts {
  #count = 0;
  #hasBeenOnline = false;
  /** Since when it is identified, in monotonic milliseconds. */
  #onlineSince = Number.POSITIVE_INFINITY;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly random: () => number,
  ) {}

  get hasBeenOnline(): boolean {
    return this.#hasBeenOnline;
  }

  /** It is identified. */
  succeeded(): void {
    this.#onlineSince = this.clock.monotonicMs();
    this.#hasBeenOnline = true;
  }

  /** The connection is given up because somebody wants that. */
  anew(): void {
    this.#count = 0;
  }

  /** @returns in how many milliseconds it comes back, or why it does not. @param words how it was closed. */
  next(action: CloseAction, url: string, words: string): number | string {
    if (action === 'stop') return `closed ${words}`;
    // One that was never there is an address that is wrong, more often than a network that is.
    if (!this.#hasBeenOnline) return `no connection to ${url} (${words})`;
    if (this.clock.monotonicMs() - this.#onlineSince >= STABLE_MS) this.#count = 0;
    this.#onlineSince = Number.POSITIVE_INFINITY;
    this.#count += 1;
    if (this.#count > ATTEMPTS_MAX) return `no connection after ${ATTEMPTS_MAX} attempts (${words})`;
    return (action === 'back-off' ? BACK_OFF_MS : PAUSE_MS * 2 ** (this.#count - 1)) * (0.5 + this.random() / 2);
  }
}
