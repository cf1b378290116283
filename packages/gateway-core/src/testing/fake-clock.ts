// Not the global: where a test environment plays a browser, as Jest's jsdom does, there is none.
import { setImmediate } from 'node:timers';
import type { Clock, TimerHandle } from '../clock.js';
import { GatewayError } from '../errors.js';
import { type Timer, TimerQueue } from './timer-queue.js';

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
  readonly #timers = new TimerQueue();
  #immediates: (() => void)[] = [];

  /** @param startsAt What `now()` says at first, in Unix milliseconds. Default: the first moment of 2026, UTC. */
  constructor(private readonly startsAt: number = START) {}

  now(): number {
    return this.startsAt + this.#elapsed;
  }

  monotonicMs(): number {
    return this.#elapsed;
  }

  /**
   * Fractions of a millisecond are kept, and so is 0, where Node waits for 1 ms at least. A delay that is negative or NaN is 0, as no timer
   * runs in the past; after `Infinity` it never runs.
   */
  setTimeout(task: () => void, delayMs: number): TimerHandle {
    this.#order += 1;
    const timer: Timer = { at: this.#elapsed + Math.max(delayMs || 0, 0), order: this.#order, task, place: -1 };
    this.#timers.add(timer);
    return timer;
  }

  /** Cancels a timer. One that has run, or was cancelled, or is none, is left alone, as in Node. */
  clearTimeout(timer: TimerHandle): void {
    if (timer !== undefined && timer !== null) this.#timers.remove(timer as Timer);
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
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    } while (this.#immediates.length > 0);
  }

  /**
   * Moves time by `ms`; each timer on the way runs at its own moment, and everything that follows from it.
   * @throws GatewayError `INVALID_ARGUMENT`: time goes forward, and by a number that has an end.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) {
      throw new GatewayError('INVALID_ARGUMENT', `ms: must be a finite number, at least 0, not ${ms}`);
    }
    const until = this.#elapsed + ms;
    await this.settle();
    for (let timer = this.#timers.next; timer !== undefined && timer.at <= until; timer = this.#timers.next) {
      this.#timers.remove(timer);
      this.#elapsed = Math.max(this.#elapsed, timer.at);
      timer.task();
      await this.settle();
    }
    // Another `advance` that was under way meanwhile may have gone further.
    this.#elapsed = Math.max(this.#elapsed, until);
  }
}
