interface Reader {
  lag: number;
  unsentBytes: number;
  createdAt: number;
}

/** Messages that came in this turn of the event loop, and are written at its end, are nothing to be behind by. */
const LAG_NORMAL = 8;

/** Whether a connection is behind. */
export function isSlow({ lag, unsentBytes }: Pick<Reader, 'lag' | 'unsentBytes'>): boolean {
  return unsentBytes > 0 || lag > LAG_NORMAL;
}

/** Puts those that are behind first, and leaves the others in the order in which they came. */
export function slowestFirst(a: Reader, b: Reader): number {
  const [slowA, slowB] = [isSlow(a), isSlow(b)];
  if (slowA && slowB) return b.unsentBytes - a.unsentBytes || b.lag - a.lag;
  return slowA === slowB ? a.createdAt - b.createdAt : slowA ? -1 : 1;
}
