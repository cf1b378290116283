import { MemoryPresenceStore } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { failing } from './support/failing.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

const saying = (state: unknown, groupId?: string, id?: string) => ({ type: 'presence', id, groupId, payload: { state } });

async function inGroups(groups: Record<string, object>, options: Parameters<typeof setUp>[0] = {}) {
  const world = setUp(options);
  const client = new ResumingClient(world.gateway);
  client.connect(groups);
  await world.clock.settle();
  const said = async (groupId: string) =>
    (await world.gateway.members(groupId)).map(({ presenceState }) => presenceState as unknown);
  const codes = () => client.of('error').map(({ payload }) => payload.code);
  return { ...world, client, said, codes };
}

describe('what a member says of itself', () => {
  test('is acknowledged, shown with it in the group that it named and in no other, and the newest wins [R72] [R107]', async () => {
    const { client, clock, said } = await inGroups({ g: {}, h: {} });
    client.send(saying({ cursor: [1, 2] }, 'g', 'p-1'));
    client.send(saying('typing', 'g', 'p-2'));
    await clock.settle();
    expect(client.of('ack').map(({ payload }) => payload)).toEqual([{ id: 'p-1' }, { id: 'p-2' }]);
    expect(await said('g')).toEqual(['typing']);
    expect(await said('h')).toEqual([undefined]);
  });

  test('may be any JSON value, and null takes it away [R71] [R73]', async () => {
    const { client, said } = await inGroups({ g: {} });
    for (const state of [0, false, '', [], {}, { a: null }]) {
      client.send(saying(state, 'g'));
      expect(await said('g')).toEqual([state]);
    }
    client.send(saying(null, 'g'));
    expect(await said('g')).toEqual([undefined]);
  });

  test('outlives a drop and a resume, new metadata and a renewal, and goes when the member leaves the group [R74]', async () => {
    const { client, clock, gateway, said } = await inGroups({ g: {} });
    client.send(saying('here', 'g'));
    client.connection.cut();
    await clock.advance(1_000);
    expect(await said('g')).toEqual(['here']);
    client.connect();
    await clock.settle();
    expect(await said('g')).toEqual(['here']);
    client.send({ type: 'identify', version: '2', payload: { clientType: 'dashboard', metadata: { n: 1 } } });
    await clock.settle();
    await gateway.setMetadata(gateway.connections()[0]?.connectionId as string, { n: 2 });
    expect(await gateway.members('g')).toMatchObject([{ role: 'dashboard', metadata: { n: 2 }, presenceState: 'here' }]);
    client.send({ type: 'leave', payload: { groupId: 'g' } });
    client.send({ type: 'join', payload: { groupId: 'g' } });
    await clock.settle();
    expect(await said('g')).toEqual([undefined]);
  });

  test('is refused for a group that it is not in, over the limit, and before identify; in dialect 1 there is none [R1]', async () => {
    const { client, clock, gateway, codes, join, said } = await inGroups({ g: {} });
    client.send(saying(1, 'h'));
    client.send(saying('x'.repeat(2_000), 'g'));
    client.send({ type: 'presence', groupId: 'g', payload: {} });
    await clock.settle();
    expect(codes()).toEqual(['NOT_A_MEMBER', 'INVALID_ENVELOPE', 'INVALID_ENVELOPE']);
    const one = await join('g');
    one.send(saying(1, 'g'));
    expect(one.received.at(-1)).toMatchObject({ type: 'error', payload: { code: 'UNKNOWN_TYPE' } });
    const nobody = new ResumingClient(gateway);
    nobody.connect({});
    nobody.send(saying(1));
    await clock.settle();
    expect(nobody.of('error')).toMatchObject([{ payload: { code: 'NO_GROUP' } }]);
    expect(await said('g')).toEqual([undefined, undefined]);
  });

  test('is for authorize to allow, and counts for nothing where the member has left meanwhile', async () => {
    const answers: ((yes: boolean) => void)[] = [];
    const { client, clock, gateway, codes, said } = await inGroups(
      { g: {} },
      {
        authorize: ({ action, groupId, member }) => {
          if (action === 'join') return true;
          expect([action, groupId, member.memberId]).toEqual(['presence', 'g', client.take().memberId]);
          return new Promise((resolve) => answers.push(resolve));
        },
      },
    );
    for (const yes of [false, true]) {
      client.send(saying(`allowed: ${yes}`, 'g'));
      await clock.settle();
      answers.shift()?.(yes);
      await clock.settle();
    }
    expect(codes()).toEqual(['FORBIDDEN']);
    expect(await said('g')).toEqual(['allowed: true']);
    client.send(saying('late', 'g'));
    await clock.settle();
    gateway.remove(client.memberId as string, 'g');
    await gateway.join(gateway.connections()[0]?.connectionId as string, 'g');
    answers.shift()?.(true);
    await clock.settle();
    expect(codes()).toEqual(['FORBIDDEN', 'NOT_A_MEMBER']);
    expect(await said('g')).toEqual([undefined]);
  });

  test('reaches a store that failed, once it takes it [R75]', async () => {
    let fails = false;
    const { client, clock, codes, said } = await inGroups({ g: {} }, (fake) => ({
      presence: failing(new MemoryPresenceStore({ clock: fake }), 'enter', 'rejects', () => fails),
    }));
    fails = true;
    client.send(saying('old', 'g'));
    client.send(saying('new', 'g', 'p'));
    await clock.advance(1_000);
    expect(client.of('ack')).toHaveLength(1);
    expect(codes()).toEqual([]);
    fails = false;
    await clock.advance(10_000);
    expect(await said('g')).toEqual(['new']);
  });
});

describe('gateway.members', () => {
  test('answers pages in the order in which they came, from the start where the last one has gone', async () => {
    const { gateway, join } = setUp();
    for (let n = 0; n < 5; n += 1) await join('g');
    const all = (await gateway.members('g')).map(({ memberId }) => memberId);
    const page = async (after?: string, limit?: number) =>
      (await gateway.members('g', { after, limit })).map(({ memberId }) => memberId);
    expect(await page(undefined, 2)).toEqual(all.slice(0, 2));
    expect(await page(all[1], 2)).toEqual(all.slice(2, 4));
    expect(await page(all[3], 2)).toEqual(all.slice(4));
    expect(await page(all[4], 2)).toEqual([]);
    expect(await page(all[0])).toEqual(all.slice(1));
    expect(await page('gone', 3)).toEqual(all.slice(0, 3));
  });

  test.each([[null], [{ limit: 0 }], [{ limit: 1.5 }], [{ after: 3 }]])('refuses %j', async (page) => {
    const { gateway } = setUp();
    await expect(gateway.members('g', page as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
