import { describe, expect, test } from 'vitest';
import { RateLimit } from '../src/rate-limit.js';

/** A client of the limit, as the router keeps one. */
function client(limit: RateLimit) {
  let fullAt = Number.NEGATIVE_INFINITY;
  return (amount: number, now: number): number => {
    const after = limit.after(fullAt, amount, now);
    const waitMs = limit.waitMs(after, now);
    if (waitMs === 0) fullAt = after;
    return waitMs;
  };
}

describe('a rate limit', () => {
  test('lets a whole burst through at once, however its tokens divide a second, and then tells when the next one is there', () => {
    for (const [perSecond, burst] of [
      [3, 1_000],
      [7, 49],
      [0.3, 10],
      [1_000_000, 12_345],
    ] as const) {
      const take = client(new RateLimit(perSecond, burst));
      const now = 86_400_000.123;
      for (let n = 0; n < burst; n += 1) expect(take(1, now)).toBe(0);
      expect(take(1, now)).toBe(Math.max(1, Math.ceil(1_000 / perSecond)));
    }
  });

  test('takes nothing for what it refuses, and is refilled no further than a burst', () => {
    const take = client(new RateLimit(10, 5));
    expect(take(6, 1_000)).toBe(100);
    expect(take(5, 1_000)).toBe(0);
    expect(take(1, 1_099)).toBe(1);
    expect(take(1, 1_100)).toBe(0);
    expect(take(5, 1_000_000)).toBe(0);
    expect(take(1, 1_000_000)).toBe(100);
  });

  test('allows over a long time what its rate says, to the message', () => {
    const take = client(new RateLimit(3, 4));
    let taken = 0;
    for (let now = 0; now <= 600_000; now += 7) if (take(1, now) === 0) taken += 1;
    expect(taken).toBeGreaterThanOrEqual(1_803);
    expect(taken).toBeLessThanOrEqual(1_804);
  });

  test('starts with a whole burst wherever the clock stands', () => {
    const take = client(new RateLimit(10, 2));
    expect([take(1, -5_000), take(1, -5_000), take(1, -5_000)]).toEqual([0, 0, 100]);
  });

  test('has no bound where its rate or its burst has none', () => {
    for (const limit of [new RateLimit(Number.POSITIVE_INFINITY, 1), new RateLimit(1, Number.POSITIVE_INFINITY)]) {
      const take = client(limit);
      for (let n = 0; n < 100; n += 1) expect(take(1_000_000, 5)).toBe(0);
    }
  });
});
