/** Upper bounds of the buckets, in milliseconds; one more is for all that takes longer. */
export const DURATION_BUCKETS_MS: readonly number[] = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000];

/** How long something took, as a histogram. */
export interface DurationHistogram {
  /** How many took no longer than each of `DURATION_BUCKETS_MS`, but longer than the one before; the last is for all that took longer. */
  buckets: number[];
  count: number;
  sumMs: number;
}

/** Histograms by what took the time. */
export class Durations {
  readonly byName = new Map<string, DurationHistogram>();

  took(name: string, ms: number): void {
    const known = this.byName.get(name);
    const histogram = known ?? { buckets: Array<number>(DURATION_BUCKETS_MS.length + 1).fill(0), count: 0, sumMs: 0 };
    if (known === undefined) this.byName.set(name, histogram);
    const at = DURATION_BUCKETS_MS.findIndex((boundMs) => ms <= boundMs);
    const bucket = at === -1 ? DURATION_BUCKETS_MS.length : at;
    histogram.buckets[bucket] = (histogram.buckets[bucket] as number) + 1;
    histogram.count += 1;
    histogram.sumMs += ms;
  }
}
