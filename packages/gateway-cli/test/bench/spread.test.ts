import { DEFAULT_LIMITS } from 'gateway-core';
import { expect, test } from 'vitest';
import { isOverDefaultLimits, publishersPerGroup, shareOf } from '../../src/bench/spread.js';

test.each([
  [{ connections: 100, groups: 1, rate: 100, size: 128 }, 1],
  [{ connections: 100, groups: 1, rate: 101, size: 128 }, 2],
  [{ connections: 100, groups: 10, rate: 1000, size: 128 }, 1],
  [{ connections: 100, groups: 10, rate: 2000, size: 128 }, 2],
  [{ connections: 100, groups: 1, rate: 100, size: 100_000 }, 20],
])('%j: %i members of each group publish, each at most half of what a connection may by default', (load, publishers) => {
  expect(publishersPerGroup(load)).toBe(publishers);
  const { messagesPerSecond, bytesPerSecond } = shareOf(load, publishers * load.groups);
  expect(messagesPerSecond).toBeLessThanOrEqual(DEFAULT_LIMITS.messagesPerSecondMax / 2);
  expect(bytesPerSecond).toBeLessThanOrEqual(DEFAULT_LIMITS.bytesPerSecondMax / 2);
});

test('where there are too few members, all publish', () => {
  const load = { connections: 5, groups: 2, rate: 10_000, size: 128 };
  expect(publishersPerGroup(load)).toBe(2);
  expect(isOverDefaultLimits(shareOf(load, 4))).toBe(true);
  expect(isOverDefaultLimits(shareOf({ ...load, rate: 600 }, 4))).toBe(false);
});
