/** The cost of a message in two blocks that ran one after the other, in microseconds on a CPU. */
export interface Pair {
  off: number;
  on: number;
}

/** A median, and between what it is with a probability of 95 %. */
export interface Estimate {
  median: number;
  low: number;
  high: number;
}

/** Blocks with and without what is measured, in turns: first the one and then the other begins. */
export async function measurePairs(count: number, block: (on: boolean) => Promise<number>): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let n = 0; n < count; n += 1) {
    const first = await block(n % 2 === 0);
    const second = await block(n % 2 !== 0);
    pairs.push(n % 2 === 0 ? { on: first, off: second } : { on: second, off: first });
  }
  return pairs;
}

/** By the ranks between which a binomial distribution has the median: nothing is assumed of how values are spread. */
export function estimate(values: readonly number[]): Estimate {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (rank: number) => sorted[Math.min(Math.max(Math.round(rank), 0), sorted.length - 1)] as number;
  const middle = (sorted.length - 1) / 2;
  const halfWidth = 0.98 * Math.sqrt(sorted.length);
  return { median: at(middle), low: at(middle - halfWidth), high: at(middle + halfWidth) };
}
