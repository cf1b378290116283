import { MemoryPresenceStore } from 'gateway-core';
import { connectClient } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { delayed, PRESENCE_METHODS, paced } from './support/asynchronous.js';
import { identify, long } from './support/messages.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

const FAST = { messagesPerSecondMax: 0, bytesPerSecondMax: 0, joinsPerSecondMax: 0 };

/** A gateway whose presence store takes 200 ms for each call, and a member in `busy`. */
async function stage(limits: object) {
  const fails = { enter: false };
  const world = setUp((clock) => {
    const presence = new MemoryPresenceStore({ clock });
    const enter = presence.enter.bind(presence);
    presence.enter = (...args) => {
      if (fails.enter) throw new Error('no');
      return enter(...args);
    };
    return { limits: { ...FAST, ...limits }, presence: paced(presence, PRESENCE_METHODS, delayed(clock, 100)) };
  });
  const { clock, gateway } = world;
  const busy = new ResumingClient(gateway);
  busy.connect({ busy: {} });
  await clock.advance(2_000);
  return { ...world, busy, fails };
}

/** How somebody comes into a group, and whether they are in it in the end. */
const WAYS: [string, (world: Awaited<ReturnType<typeof stage>>) => Promise<() => boolean>][] = [
  [
    'join',
    async ({ gateway, clock }) => {
      const client = new ResumingClient(gateway);
      client.connect({});
      await clock.advance(1_000);
      client.send({ type: 'join', payload: { groupId: 'g' } });
      return () => client.of('sync').some(({ groupId }) => groupId === 'g');
    },
  ],
  [
    'identify',
    async ({ gateway }) => {
      const client = new ResumingClient(gateway);
      client.connect({ g: {} });
      return () => client.of('sync').some(({ groupId }) => groupId === 'g');
    },
  ],
  [
    'identify of dialect 1',
    async ({ gateway, clock }) => {
      const client = connectClient(gateway);
      client.send(identify('g'));
      await clock.settle();
      return () => gateway.groups().some(({ groupId, connections }) => groupId === 'g' && connections === 1);
    },
  ],
];

describe.each(WAYS)('a group that somebody is about to come into by %s', (_, come) => {
  test('is not forgotten where memory is short: logs give theirs', async () => {
    const world = await stage({ logBytesTotalMax: 100_000 });
    const isIn = await come(world);
    await world.clock.advance(50);
    for (let n = 0; n < 10; n += 1) {
      world.busy.send({ type: 'data_update', groupId: 'busy', payload: { data: long(30_000) } });
      await world.clock.settle();
    }
    expect(world.gateway.stats().logBytes).toBeLessThanOrEqual(100_000);
    await world.clock.advance(2_000);
    expect(isIn()).toBe(true);
  });

  test('makes no room for another one, and does once nobody is', async () => {
    const world = await stage({ groupsMax: 2 });
    const isIn = await come(world);
    await world.clock.advance(50);
    const other = new ResumingClient(world.gateway);
    other.connect({ other: {} });
    await world.clock.advance(2_000);
    expect(isIn()).toBe(true);
    expect(other.of('error').map(({ payload }) => payload.code)).toEqual(['TOO_MANY_GROUPS']);
    for (const { connectionId, memberId } of world.gateway.connections())
      if (memberId !== world.busy.memberId) world.gateway.disconnect(connectionId);
    await world.clock.advance(60_000);
    const later = new ResumingClient(world.gateway);
    later.connect({ other: {} });
    await world.clock.advance(2_000);
    expect(later.of('sync').map(({ groupId }) => groupId)).toEqual(['other']);
  });

  test('is not kept for who failed to', async () => {
    const world = await stage({ groupsMax: 2 });
    world.fails.enter = true;
    const isIn = await come(world);
    await world.clock.advance(2_000);
    expect(isIn()).toBe(false);
    expect(world.gateway.groups().map(({ groupId }) => groupId)).toContain('g');
    world.fails.enter = false;
    const other = new ResumingClient(world.gateway);
    other.connect({ other: {} });
    await world.clock.advance(2_000);
    expect(other.of('sync').map(({ groupId }) => groupId)).toEqual(['other']);
  });
});
