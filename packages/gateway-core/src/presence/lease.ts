/** What a gateway knows of its lease in a store that it shares, in monotonic milliseconds. */
export class Lease {
  /** When the last touch was made that was answered: the lease ran for at least its length from then. */
  #heldSince: number | undefined;

  constructor(private readonly leaseMs: number) {}

  /**
   * A touch was answered.
   * @param madeAt when it was made.
   * @returns whether the store may have taken members out, so that they are to be entered again. `alive` alone does not say that it has
   * not: of a touch before, the answer that said `lapsed` may have been lost.
   */
  answered(answer: 'alive' | 'lapsed' | undefined, madeAt: number, now: number): boolean {
    const wasOver = this.#heldSince !== undefined && now - this.#heldSince >= this.leaseMs;
    this.#heldSince = Math.max(this.#heldSince ?? madeAt, madeAt);
    return answer === 'lapsed' || wasOver;
  }
}
