/** Different texts that are counted one by one; what comes after them is `other`. */
const TEXTS_MAX = 20;

/** Counts things by a text that tells what they are. */
export class Tally {
  total = 0;
  private readonly counts = new Map<string, number>();

  add(text: string): void {
    this.total++;
    const key = this.counts.has(text) || this.counts.size < TEXTS_MAX ? text : 'other';
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.counts);
  }
}
