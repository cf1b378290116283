import type { CloseAction } from 'gateway-protocol';

/** Attempts to come back, and the pauses between them. */
const ATTEMPTS_MAX = 6;
const PAUSE_MS = 500;
const BACK_OFF_MS = 10_000;

/** Whether one whose connection is over comes back, and when. */
export class Attempts {
  #count = 0;
  #hasBeenOnline = false;

  constructor(private readonly random: () => number) {}

  get hasBeenOnline(): boolean {
    return this.#hasBeenOnline;
  }

  /** It is identified: what comes is counted anew. */
  succeeded(): void {
    this.#count = 0;
    this.#hasBeenOnline = true;
  }

  /** @returns in how many milliseconds it comes back, or why it does not. @param words how it was closed. */
  next(action: CloseAction, url: string, words: string): number | string {
    if (action === 'stop') return `closed ${words}`;
    // One that was never there is an address that is wrong, more often than a network that is.
    if (!this.#hasBeenOnline) return `no connection to ${url} (${words})`;
    this.#count += 1;
    if (this.#count > ATTEMPTS_MAX) return `no connection after ${ATTEMPTS_MAX} attempts (${words})`;
    return (action === 'back-off' ? BACK_OFF_MS : PAUSE_MS * 2 ** (this.#count - 1)) * (0.5 + this.random() / 2);
  }
}
