/** A token bucket: `burst` tokens at once, refilled at `perSecond`. Without a bound where either is `Infinity`. */
export class TokenBucket {
  #tokens: number;
  #filledAt: number;

  /** @param now monotonic milliseconds. */
  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    now: number,
  ) {
    this.#tokens = burst;
    this.#filledAt = now;
  }

  /** Takes `amount` tokens and answers 0, or takes none and answers in how many milliseconds there will be enough. */
  take(amount: number, now: number): number {
    if (this.perSecond === Number.POSITIVE_INFINITY || this.burst === Number.POSITIVE_INFINITY) return 0;
    this.#tokens = Math.min(this.burst, this.#tokens + ((now - this.#filledAt) * this.perSecond) / 1000);
    this.#filledAt = now;
    if (this.#tokens >= amount) {
      this.#tokens -= amount;
      return 0;
    }
    return Math.max(1, Math.ceil(((amount - this.#tokens) * 1000) / this.perSecond));
  }
}
