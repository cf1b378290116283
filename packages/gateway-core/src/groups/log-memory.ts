import type { LogBudget, LogOwner } from './log-budget.js';

/** The budget hears of less only when it comes together: it is not told of every message. */
const STEP_BYTES = 512;

/** What one log keeps in memory, and tells the budget of. */
export class LogMemory {
  #bytes = 0;
  /** What the budget knows of. */
  #counted = 0;

  constructor(
    private readonly budget: LogBudget,
    private readonly owner: LogOwner,
  ) {}

  hold(bytes: number): void {
    this.#bytes += bytes;
    if (Math.abs(this.#bytes - this.#counted) >= STEP_BYTES) this.count();
  }

  free(): void {
    this.#bytes = 0;
    this.count();
  }

  /** Tells the budget all. */
  count(): void {
    if (this.#bytes === this.#counted) return;
    const before = this.#counted;
    this.#counted = this.#bytes;
    this.budget.resized(this.owner, before, this.#bytes);
  }
}
