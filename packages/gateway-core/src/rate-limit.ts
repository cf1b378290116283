/**
 * A rate that allows bursts: what a token bucket of `burst` tokens, refilled at `perSecond`, allows. It is reckoned by the generic cell
 * rate algorithm (ITU-T I.371), so that one number is all there is to remember of a client: when its bucket will be full again.
 */
export class RateLimit {
  readonly #msPerToken: number;
  readonly #msPerBurst: number;

  /** Without a bound where either is `Infinity`. */
  constructor(perSecond: number, burst: number) {
    const bounded = perSecond !== Number.POSITIVE_INFINITY && burst !== Number.POSITIVE_INFINITY;
    this.#msPerToken = bounded ? 1000 / perSecond : 0;
    this.#msPerBurst = bounded ? (burst * 1000) / perSecond : 0;
  }

  /**
   * When the bucket is full again once `amount` tokens are taken from it.
   * @param fullAt as it was before, in monotonic milliseconds; `undefined` for a new client.
   */
  after(fullAt: number | undefined, amount: number, now: number): number {
    return Math.max(fullAt ?? now, now) + amount * this.#msPerToken;
  }

  /** In how many milliseconds that many tokens can be taken; 0 where they can now. */
  waitMs(fullAtAfter: number, now: number): number {
    const waitMs = fullAtAfter - now - this.#msPerBurst;
    return waitMs <= ROUNDING_MS ? 0 : Math.max(1, Math.ceil(waitMs));
  }
}

/** What many additions may be off by: less than the clock can tell. */
const ROUNDING_MS = 0.001;
