import { setImmediate } from 'node:timers';
import type { Clock, TimerHandle } from '../clock.js';

interface Timer {
  at: number;
  /** Timers of one moment run in the order in which they were set. */
  order: number;
  task: () => void;
}

/** Where a {@link FakeClock} starts, in Unix milliseconds: 2026-01-01T00:00:00Z. */
const START = Date.UTC(2026, 0, 1);

/**
 * Time that stands still until it is moved.
 * @example
 * const clock = new FakeClock();
 * const gateway = createGateway({ clock });
 * await clock.advance(25_000); // every deadline up to then has passed, in order
 */
export class FakeClock implements Clock {
  #elapsed = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();
  #immediates: (() => void)[] = [];

  constructor(private readonly startsAt: number = START) {}

  now(): number {
    return this.startsAt + this.#elapsed;
  }

  monotonicMs(): number {
    return this.#elapsed;
  }

  setTimeout(task: () => void, delayMs: number): TimerHandle {
    this.#order += 1;
    const timer = { at: this.#elapsed + delayMs, order: this.#order, task };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(timer: TimerHandle): void {
    this.#timers.delete(timer as Timer);
  }

  setImmediate(task: () => void): void {
    this.#immediates.push(task);
  }

  /** Timers that are set. A closed gateway leaves none. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Lets everything happen that needs no time: ends turns of the event loop until nothing is left for the end of one. */
  async settle(): Promise<void> {
    do {
      const tasks = this.#immediates;
      this.#immediates = [];
      for (const task of tasks) task();
      // One real turn: every promise that can settle without time has settled after it.
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#immediates.length > 0);
  }

  /** Moves time by `ms`; each timer on the way runs at its own moment, and everything that follows from it. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsed + ms;
    await this.settle();
    for (let timer = this.#next(until); timer !== undefined; timer = this.#next(until)) {
      this.#elapsed = Math.max(this.#elapsed, timer.at);
      this.#timers.delete(timer);
      timer.task();
      await this.settle();
    }
    this.#elapsed = until;
  }

  #next(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > until) continue;
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    }
    return next;
  }
}
