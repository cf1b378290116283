/** What a gateway knows of its lease in a store that it shares, in monotonic milliseconds. */
export class Lease {
  /** When the oldest touch was made that was not answered, and the newest of all. */
  #unansweredSince: number | undefined;
  #newest = Number.NEGATIVE_INFINITY;

  constructor(private readonly leaseMs: number) {}

  /** A touch is made. */
  made(at: number): void {
    this.#unansweredSince ??= at;
    this.#newest = at;
  }

  /**
   * A touch was answered.
   * @param madeAt when it was made.
   * @param isFirst nobody was there before it, whom the store could have taken out: not before a lease's length is over again.
   * @returns whether the store may have taken members out, so that they are to be entered again, also those that were entered while it was asked:
   * the touch may have come to the store after them. `alive` alone does not say that it has not: of a touch before that was not answered, that
   * may have been `lapsed`, also where the lease ran on: a store that has lost its newest writes says so once.
   */
  answered(answer: 'alive' | 'lapsed', madeAt: number, now: number, isFirst: boolean): boolean {
    const isOneLost = this.#unansweredSince !== undefined && this.#unansweredSince < madeAt;
    this.#unansweredSince = this.#newest > madeAt ? this.#newest : undefined;
    if (isFirst && now - madeAt < this.leaseMs) return false;
    return answer === 'lapsed' || isOneLost;
  }
}
