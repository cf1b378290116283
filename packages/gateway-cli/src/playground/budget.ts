/** A token bucket (as RFC 2697 has one) that may go into debt: what is once begun is done, and paid for before the next. */
export class Budget {
  #tokens: number;
  #at: number;

  /** @param perSecond what comes back, and the most that there is at once. */
  constructor(
    private readonly perSecond: number,
    private readonly now: () => number,
  ) {
    this.#tokens = perSecond;
    this.#at = now();
  }

  /** Whether anything is left. */
  get hasRoom(): boolean {
    const now = this.now();
    this.#tokens = Math.min(this.perSecond, this.#tokens + ((now - this.#at) * this.perSecond) / 1_000);
    this.#at = now;
    return this.#tokens >= 1;
  }

  spend(amount: number): void {
    this.#tokens -= amount;
  }
}
