import type { ClientClock } from './clock.js';

/** Longest delay that timers take; a longer one would run at once. */
export const DELAY_MAX_MS = 2 ** 31 - 1;
/** A timer this late has slept with its machine, or was throttled: what has arrived meanwhile is not read yet. */
const LATE_MS = 1_000;

/** One timer, which knows how late it runs. Setting it anew cancels what was set. */
export class Alarm {
  #timer: unknown;

  constructor(private readonly clock: ClientClock) {}

  /** @param task is told how late it is, in milliseconds. */
  set(delayMs: number, task: (lateMs: number) => void): void {
    this.clear();
    const delay = Math.min(delayMs, DELAY_MAX_MS);
    const due = this.clock.monotonicMs() + delay;
    this.#timer = this.clock.setTimeout(() => {
      this.#timer = undefined;
      task(this.clock.monotonicMs() - due);
    }, delay);
  }

  /** As `set`, but an overdue timer first lets the platform hand over what has arrived: what it waits for may be among it. */
  setWithGrace(delayMs: number, task: () => void): void {
    this.set(delayMs, (lateMs) => this.set(lateMs >= LATE_MS ? LATE_MS : 0, task));
  }

  clear(): void {
    this.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
