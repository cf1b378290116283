import { connectClient, type MemoryClient } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { say } from './support/messages.js';
import { setUp } from './support/set-up.js';
import { settled } from './support/settled.js';

const many = async ({ join, clock }: ReturnType<typeof setUp>, count: number) => {
  const clients: MemoryClient[] = [];
  for (let n = 0; n < count; n += 1) clients.push(await join(`g${n % 5}`));
  await clock.settle();
  return { clients, gone: () => clients.filter(({ closed }) => closed?.code === 1012).length };
};

describe('a drain', () => {
  test('tells drainsPerSecondMax clients a second, where the grace leaves the time', async () => {
    const set = setUp({ limits: { drainsPerSecondMax: 100 } });
    const { gone } = await many(set, 60);
    const closing = set.gateway.close({ graceMs: 10_000 });
    await set.clock.settle();
    expect(gone()).toBe(10);
    await set.clock.advance(200);
    expect(gone()).toBe(30);
    await set.clock.advance(300);
    expect(gone()).toBe(60);
    expect(await settled(closing)).toBe(true);
    expect(set.clock.pendingTimers).toBe(0);
  });

  test('tells them in four fifths of the grace, where they are too many for that', async () => {
    const set = setUp({ limits: { drainsPerSecondMax: 10 } });
    const { gone } = await many(set, 100);
    const closing = set.gateway.close({ graceMs: 1_000 });
    await set.clock.advance(300);
    expect(gone()).toBeGreaterThan(40);
    expect(gone()).toBeLessThan(70);
    await set.clock.advance(500);
    expect(gone()).toBe(100);
    expect(await settled(closing)).toBe(true);
  });

  test('of a few is over at once, and so is one without that limit', async () => {
    const set = setUp({ limits: { drainsPerSecondMax: 0 } });
    const { gone } = await many(set, 300);
    void set.gateway.close();
    await set.clock.settle();
    expect(gone()).toBe(300);
    const few = setUp();
    const { gone: fewGone } = await many(few, 100);
    void few.gateway.close();
    await few.clock.settle();
    expect(fewGone()).toBe(100);
  });

  test('those who are told last go on until then', async () => {
    const set = setUp({ limits: { drainsPerSecondMax: 10 } });
    const { clients } = await many(set, 20);
    void set.gateway.close({ graceMs: 60_000 });
    await set.clock.advance(1_000);
    const last = clients.at(-1)!;
    expect(last.closed).toBeUndefined();
    last.send(say('still heard'));
    await set.clock.settle();
    expect(last.data).toEqual(['still heard']);
  });

  test('cuts at the deadline also those whose turn had not come', async () => {
    const set = setUp({ limits: { drainsPerSecondMax: 1 } });
    const { clients } = await many(set, 10);
    for (const client of clients) client.vanish();
    const closing = set.gateway.close({ graceMs: 500 });
    await set.clock.advance(500);
    expect(await settled(closing)).toBe(true);
    expect(set.gateway.stats()).toMatchObject({ connections: 0, closing: 0 });
  });

  test.each(['are cut at the deadline', 'go by themselves'])(
    'leaves no timer where clients whose turn had not come %s',
    async (how) => {
      const set = setUp((clock) => ({
        limits: { drainsPerSecondMax: 1 },
        authorize: ({ action }) => action === 'join' || new Promise((resolve) => void clock.setTimeout(() => resolve(true), 470)),
      }));
      const { clients, gone } = await many(set, 10);
      // The first step waits for this one's hook.
      clients[9]!.send(say('accepted'));
      const closing = set.gateway.close({ graceMs: 500 });
      await set.clock.advance(480);
      expect(gone()).toBe(3);
      if (how === 'go by themselves') for (const client of clients) client.cut();
      else await set.clock.advance(20);
      expect(await settled(closing)).toBe(true);
      expect(set.clock.pendingTimers).toBe(0);
    },
  );
});

describe('drainDelayMs', () => {
  test('is a time in which the gateway is not ready, and still serves: who comes is taken, who is there stays', async () => {
    const { clock, gateway, join } = setUp({ timings: { drainDelayMs: 5_000 } });
    const client = await join('g');
    const closing = gateway.close({ graceMs: 1_000 });
    expect(gateway.health()).toMatchObject({ ok: false, error: { code: 'DRAINING' } });
    await clock.advance(2_000);
    const late = await join('g');
    late.send(say('hello'));
    await clock.advance(2_999);
    expect([client.data, late.data]).toEqual([['hello'], ['hello']]);
    expect(client.closed).toBeUndefined();
    await clock.advance(1);
    expect([client.closed?.code, late.closed?.code]).toEqual([1012, 1012]);
    const tooLate = connectClient(gateway);
    await clock.settle();
    expect(tooLate.closed?.code).toBe(1012);
    expect(await settled(closing)).toBe(true);
  });

  test('publishing is over from the call on, as without it', async () => {
    const { gateway } = setUp({ timings: { drainDelayMs: 5_000 } });
    void gateway.close();
    await expect(gateway.publish('g', 1)).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
