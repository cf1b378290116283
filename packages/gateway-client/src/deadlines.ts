import { Alarm } from './alarm.js';
import type { ClientClock } from './clock.js';

/** Something to be done at a time. */
interface Deadline {
  readonly at: number;
  readonly task: () => void;
}

/** Any number of deadlines on one timer. */
export class Deadlines {
  readonly #all = new Set<Deadline>();
  readonly #alarm: Alarm;
  #armedFor = Number.POSITIVE_INFINITY;

  constructor(private readonly clock: ClientClock) {
    this.#alarm = new Alarm(clock);
  }

  /** @returns what takes it back. */
  add(delayMs: number, task: () => void): () => void {
    const deadline = { at: this.clock.monotonicMs() + delayMs, task };
    this.#all.add(deadline);
    this.#arm(deadline.at);
    return () => {
      this.#all.delete(deadline);
      if (this.#all.size === 0) this.clear();
    };
  }

  clear(): void {
    this.#all.clear();
    this.#alarm.clear();
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #arm(at: number): void {
    if (at >= this.#armedFor) return;
    this.#armedFor = at;
    this.#alarm.set(Math.max(at - this.clock.monotonicMs(), 0), () => this.#run());
  }

  #run(): void {
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = this.clock.monotonicMs();
    let next = Number.POSITIVE_INFINITY;
    for (const deadline of [...this.#all]) {
      if (deadline.at > now) next = Math.min(next, deadline.at);
      else if (this.#all.delete(deadline)) deadline.task();
    }
    if (next < Number.POSITIVE_INFINITY && this.#all.size > 0) this.#arm(next);
  }
}
