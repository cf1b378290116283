import { createGateway } from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { TimerQueue } from '../src/testing/timer-queue.js';
import { settled } from './support/settled.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** A clock, and what notes the moments at which its timers ran. */
function recording() {
  const clock = new FakeClock();
  const ran: [string, number][] = [];
  const set = (name: string, ms: number) => clock.setTimeout(() => ran.push([name, clock.monotonicMs()]), ms);
  return { clock, ran, set };
}

describe('a timer of FakeClock', () => {
  test.each([Number.NaN, -1, -0.5, Number.NEGATIVE_INFINITY, -0, 0])(
    'with a delay of %d runs at the next move, not in the past',
    async (ms) => {
      const { clock, ran, set } = recording();
      await clock.advance(100);
      set('first', 0);
      set('odd', ms);
      set('last', 0);
      await clock.settle();
      expect(ran).toEqual([]);
      await clock.advance(0);
      expect(ran).toEqual([
        ['first', 100],
        ['odd', 100],
        ['last', 100],
      ]);
      expect(clock.monotonicMs()).toBe(100);
      expect(clock.pendingTimers).toBe(0);
    },
  );

  test('keeps the fraction of its delay', async () => {
    const { clock, ran, set } = recording();
    for (const ms of [0.75, 0.25, 0.5]) set(String(ms), ms);
    await clock.advance(0.5);
    await clock.advance(0.25);
    expect(ran).toEqual([
      ['0.25', 0.25],
      ['0.5', 0.5],
      ['0.75', 0.75],
    ]);
  });

  test('with an endless delay never runs, and is set until it is cancelled', async () => {
    const { clock, ran, set } = recording();
    const endless = set('never', Number.POSITIVE_INFINITY);
    set('soon', 1);
    await clock.advance(Number.MAX_SAFE_INTEGER);
    expect(ran).toEqual([['soon', 1]]);
    expect(clock.pendingTimers).toBe(1);
    clock.clearTimeout(endless);
    expect(clock.pendingTimers).toBe(0);
  });

  test('may be cancelled by one of the same moment, twice, and after it ran', async () => {
    const { clock, ran, set } = recording();
    clock.setTimeout(() => {
      clock.clearTimeout(second);
      clock.clearTimeout(second);
    }, 10);
    const second = set('second', 10);
    const third = set('third', 10);
    await clock.advance(10);
    clock.clearTimeout(third);
    clock.clearTimeout(undefined);
    clock.clearTimeout(null);
    expect(ran).toEqual([['third', 10]]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('is counted for as long as it is set, not longer', () => {
    const { clock, set } = recording();
    const timers = Array.from({ length: 1_000 }, (_, n) => set(String(n), n % 7));
    for (const [n, timer] of timers.entries()) {
      expect(clock.pendingTimers).toBe(1_000 - n);
      clock.clearTimeout(timer);
    }
    expect(clock.pendingTimers).toBe(0);
  });

  test('is found without a scan: each is taken from the queue once', async () => {
    const { clock, set } = recording();
    const remove = vi.spyOn(TimerQueue.prototype, 'remove');
    const next = vi.spyOn(TimerQueue.prototype, 'next', 'get');
    for (let n = 0; n < 500; n += 1) set(String(n), 500 - n);
    await clock.advance(500);
    expect(remove).toHaveBeenCalledTimes(500);
    expect(next).toHaveBeenCalledTimes(501);
  });
});

describe('FakeClock', () => {
  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('does not move by %d, which it says', async (ms) => {
    const { clock, ran, set } = recording();
    set('timer', 0);
    await expect(clock.advance(ms)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(`not ${ms}`),
    });
    expect(clock.monotonicMs()).toBe(0);
    expect(ran).toEqual([]);
  });

  test('never goes back, also where two moves are under way at once', async () => {
    const clock = new FakeClock();
    await Promise.all([clock.advance(100), clock.advance(10)]);
    expect(clock.monotonicMs()).toBe(100);
  });

  test('needs no setImmediate of the environment, which a played browser does not have', async () => {
    vi.stubGlobal('setImmediate', undefined);
    const clock = new FakeClock();
    const gateway = createGateway({ clock });
    const published = gateway.publish('g', 1);
    await clock.advance(1_000);
    await published;
    const closing = gateway.close();
    await clock.settle();
    await closing;
    expect(clock.pendingTimers).toBe(0);
  });

  test('settles though another tool has replaced the environment’s timers', async () => {
    vi.useFakeTimers();
    try {
      const settling = new FakeClock().settle();
      vi.useRealTimers();
      expect(await settled(settling)).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });
});
