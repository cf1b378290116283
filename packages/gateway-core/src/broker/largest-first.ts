/**
 * Things by their size, so that one of the largest is found at once: one that is within a factor of two of the largest.
 * @example
 * const logs = new LargestFirst<Log>();
 * logs.put(log, 300);
 * logs.largest(); // log
 */
export class LargestFirst<Thing> {
  /** Those with sizes from 2^n up to 2^(n+1). */
  readonly #classes: Set<Thing>[] = [];
  readonly #classOf = new Map<Thing, number>();

  /** Enters a thing, or its new size. One of size 0 is taken out. */
  put(thing: Thing, size: number): void {
    const known = this.#classOf.get(thing);
    const sizeClass = size > 0 ? Math.floor(Math.log2(size)) : undefined;
    if (known === sizeClass) return;
    if (known !== undefined) this.#classes[known]?.delete(thing);
    if (sizeClass === undefined) {
      this.#classOf.delete(thing);
      return;
    }
    while (this.#classes.length <= sizeClass) this.#classes.push(new Set());
    this.#classes[sizeClass]?.add(thing);
    this.#classOf.set(thing, sizeClass);
  }

  /** `undefined` where there is none. */
  largest(): Thing | undefined {
    for (let sizeClass = this.#classes.length - 1; sizeClass >= 0; sizeClass -= 1) {
      for (const thing of this.#classes[sizeClass] as Set<Thing>) return thing;
    }
    return undefined;
  }
}
