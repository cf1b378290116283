/** What a gateway knows of its lease in a store that it shares, in monotonic milliseconds. */
export class Lease {
  /** When the last touch was made that was answered: the lease ran for at least its length from then. */
  #heldSince: number | undefined;

  constructor(private readonly leaseMs: number) {}

  /**
   * A touch was answered.
   * @param madeAt when it was made.
   * @param isFirst nobody was there before it, whom the store could have taken out: not before a lease's length is over again.
   * @returns whether the store may have taken members out, so that they are to be entered again, also those that were entered while it was asked:
   * the touch may have come to the store after them. `alive` alone does not say that it has not: of a touch before, the answer that said
   * `lapsed` may have been lost.
   */
  answered(answer: 'alive' | 'lapsed' | undefined, madeAt: number, now: number, isFirst: boolean): boolean {
    const wasOver = this.#heldSince !== undefined && now - this.#heldSince >= this.leaseMs;
    this.#heldSince = Math.max(this.#heldSince ?? madeAt, madeAt);
    if (isFirst && now - madeAt < this.leaseMs) return false;
    return answer === 'lapsed' || wasOver;
  }
}
