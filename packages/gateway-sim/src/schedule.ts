import { setImmediate } from 'node:timers';
import { type Timer, TimerQueue } from 'gateway-core/testing';

/** Steps that one turn of the real event loop takes: a turn costs more than a step. */
const STEPS_PER_TURN = 64;

/**
 * Everything that will happen in a simulation, by its moment in virtual time; what has the same moment happens in the order in which it was
 * scheduled. It is the only thing that makes anything happen, so the order is the same in every run.
 */
export class Schedule {
  readonly #timers = new TimerQueue();
  #order = 0;
  #nowMs = 0;
  /** Tasks that have run. */
  steps = 0;

  /** @param failed is told what a task has thrown. */
  constructor(private readonly failed: (error: unknown) => void) {}

  /** Virtual milliseconds since the start. */
  get nowMs(): number {
    return this.#nowMs;
  }

  at(atMs: number, task: () => void): Timer {
    this.#order += 1;
    const timer: Timer = { at: Math.max(atMs, this.#nowMs), order: this.#order, task, place: -1 };
    this.#timers.add(timer);
    return timer;
  }

  after(delayMs: number, task: () => void): Timer {
    return this.at(this.#nowMs + delayMs, task);
  }

  cancel(timer: Timer): void {
    this.#timers.remove(timer);
  }

  /**
   * Runs what is due until then, each task with every promise and `nextTick` that follows from it before the next one.
   * @param stepsMax more are too many: who never comes to rest would run for ever.
   */
  run(untilMs: number, stepsMax: number): Promise<'done' | 'too many steps'> {
    return new Promise((resolve) => {
      let isOver = false;
      const step = () => {
        const timer = this.#timers.next;
        if (isOver) return;
        if (timer === undefined || timer.at > untilMs || this.steps >= stepsMax) {
          isOver = true;
          return;
        }
        this.#timers.remove(timer);
        this.#nowMs = timer.at;
        this.steps += 1;
        try {
          timer.task();
        } catch (error) {
          this.failed(error);
        }
      };
      // Node empties its queues of promises and ticks between two immediates of one turn.
      const turn = () => {
        if (isOver) {
          const timer = this.#timers.next;
          const isDone = timer === undefined || timer.at > untilMs;
          if (isDone) this.#nowMs = Math.max(this.#nowMs, untilMs);
          resolve(isDone ? 'done' : 'too many steps');
          return;
        }
        for (let count = 0; count < STEPS_PER_TURN; count += 1) setImmediate(step);
        setImmediate(turn);
      };
      turn();
    });
  }
}
