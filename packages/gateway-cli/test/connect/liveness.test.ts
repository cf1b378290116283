import { FakeClock } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { Liveness } from '../../src/connect/liveness.js';

function living() {
  const clock = new FakeClock();
  const said: string[] = [];
  const liveness = new Liveness(clock, {
    beat: () => said.push('beat'),
    silent: (afterMs) => said.push(`silent for ${afterMs}`),
  });
  return { clock, liveness, said };
}

test('a connection on which nothing is heard at first is silent', async () => {
  const { clock, liveness, said } = living();
  liveness.expect(10_000);
  await clock.advance(9_999);
  expect(said).toEqual([]);
  await clock.advance(1);
  expect(said).toEqual(['silent for 10000']);
  expect(clock.pendingTimers).toBe(0);
});

test('a heartbeat goes out every interval, for as long as something is heard in between', async () => {
  const { clock, liveness, said } = living();
  liveness.expect(10_000);
  liveness.start(1_000);
  await clock.advance(999);
  expect(said).toEqual([]);
  for (let n = 0; n < 20; n += 1) {
    await clock.advance(1_000);
    liveness.heard();
  }
  expect(said).toEqual(Array(20).fill('beat'));
  await clock.advance(1_000);
  expect(said).toHaveLength(21);
  await clock.advance(1_000);
  expect(said.at(-1)).toBe('silent for 1000');
  expect(clock.pendingTimers).toBe(0);
});

test('while nothing is read nothing can be heard; afterwards it has an interval again, and a new connection begins anew', async () => {
  const { clock, liveness, said } = living();
  liveness.start(1_000);
  await clock.advance(1_500);
  liveness.pause();
  // What was read already.
  liveness.heard();
  await clock.advance(5_000);
  liveness.resume();
  await clock.advance(1_000);
  expect(said).toEqual(Array(7).fill('beat'));
  await clock.advance(1_000);
  expect(said.at(-1)).toBe('silent for 1000');
  liveness.pause();
  liveness.expect(2_000);
  liveness.start(2_000);
  await clock.advance(4_000);
  expect(said.slice(-2)).toEqual(['beat', 'silent for 2000']);
});

test('what is expected of a connection is not expected of the one before', async () => {
  const { clock, liveness, said } = living();
  liveness.expect(1_000);
  await clock.advance(500);
  liveness.expect(1_000);
  await clock.advance(999);
  expect(said).toEqual([]);
  await clock.advance(1_000);
  expect(said).toEqual(['silent for 1000']);
});

test.each([Number.MAX_VALUE, Number.POSITIVE_INFINITY])(
  'an interval of %d ms is one of an hour: no timer takes more',
  async (ms) => {
    const { clock, liveness, said } = living();
    liveness.start(ms);
    await clock.advance(3_599_999);
    expect(said).toEqual([]);
    await clock.advance(1);
    expect(said).toEqual(['beat']);
  },
);

test('stopped, it says nothing more', async () => {
  const { clock, liveness, said } = living();
  liveness.start(1_000);
  liveness.stop();
  await clock.advance(10_000);
  expect(said).toEqual([]);
});

test.each([-1, 0, 1e-9, Number.MAX_VALUE, Number.POSITIVE_INFINITY])(
  'of an interval of %d ms nothing comes that hurts',
  async (intervalMs) => {
    const { clock, liveness, said } = living();
    liveness.start(intervalMs);
    await clock.advance(99);
    expect(said).toEqual([]);
    expect(clock.pendingTimers).toBe(1);
    liveness.stop();
  },
);
