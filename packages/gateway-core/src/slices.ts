import type { Clock } from './clock.js';

/** Work that can be done a little at a time. */
export interface SlicedTask {
  /**
   * Does as much of it as `units` allow, a unit being about one write to a socket.
   * @returns what is left of them once all is done; 0 or less: it is to be called again. Each call makes progress, even one that throws.
   */
  step(units: number): number;
}

/**
 * Units of one task before it is the turn of the next: they take well under a millisecond. Smaller groups are never cut in two, which
 * would make each write a tenth dearer.
 */
const TURN_UNITS = 32;
/** Units between two looks at the clock. */
const LOOK_UNITS = 16;

/**
 * Does the work of many tasks at the end of the turn, in slices: after `sliceMs` the event loop goes round before the next one. The
 * tasks take turns, so that a small one never waits for all of a large one.
 */
export class Slices {
  /** The tasks of this round, those before `#at` done with; and those of the next. */
  #round: SlicedTask[] = [];
  #at = 0;
  #next: SlicedTask[] = [];
  #scheduled = false;
  readonly #sliceMs: number;

  /** @param sliceMs 0: all in one slice. */
  constructor(
    private readonly clock: Clock,
    sliceMs: number,
    private readonly failed: (error: unknown) => void,
  ) {
    this.#sliceMs = sliceMs === 0 ? Number.POSITIVE_INFINITY : sliceMs;
  }

  /** Begins with a task at the end of the turn, or of the round under way. A task is added again only once it is done. */
  add(task: SlicedTask): void {
    this.#next.push(task);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.clock.setImmediate(() => this.#run());
  }

  #run(): void {
    const end = this.clock.monotonicMs() + this.#sliceMs;
    let used = 0;
    for (let task = this.#take(); task !== undefined; task = this.#take()) {
      const left = this.#step(task, TURN_UNITS);
      if (left <= 0) this.#next.push(task);
      used += TURN_UNITS - left;
      if (used < LOOK_UNITS) continue;
      used = 0;
      if (this.clock.monotonicMs() >= end) break;
    }
    this.#scheduled = false;
    if (this.#at < this.#round.length || this.#next.length > 0) this.#schedule();
  }

  #take(): SlicedTask | undefined {
    if (this.#at === this.#round.length) {
      this.#round = this.#next;
      this.#next = [];
      this.#at = 0;
    }
    const task = this.#round[this.#at];
    if (task !== undefined) this.#at += 1;
    return task;
  }

  #step(task: SlicedTask, units: number): number {
    try {
      return task.step(units);
    } catch (error) {
      this.failed(error);
      return 0;
    }
  }
}
