import type { LogBudget, LogOwner } from './log-budget.js';

/** What is kept beside the frames: for a slab, for a message in it; about, `group-memory.test.ts` compares. */
export const SLAB_OVERHEAD = 400;
export const MESSAGE_OVERHEAD = 24;

/** The budget hears of less only when it comes together: it is not told of every message. */
const STEP_BYTES = 512;

/**
 * What one log keeps in memory, and tells the budget of. The base of a log, and no object beside it: a message of a quiet group finds none
 * of them in a cache, so each one more costs it.
 */
export abstract class LogMemory {
  #held = 0;
  /** What the budget knows of. */
  #counted = 0;

  constructor(
    private readonly budget: LogBudget,
    private readonly owner: LogOwner,
  ) {}

  protected hold(bytes: number): void {
    this.#held += bytes;
    if (Math.abs(this.#held - this.#counted) >= STEP_BYTES) this.count();
  }

  protected free(): void {
    this.#held = 0;
    this.count();
  }

  /** Tells the budget all. */
  protected count(): void {
    if (this.#held === this.#counted) return;
    const before = this.#counted;
    this.#counted = this.#held;
    this.budget.resized(this.owner, before, this.#held);
  }
}
