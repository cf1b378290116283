import { expect, test } from 'vitest';
import { delayed, MEMBER_METHODS, paced, waitOn } from './support/asynchronous.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';
import { MovingClient, shareGateways } from './support/shared-gateways.js';

/** A gateway whose hooks take 50 ms, and a client that is in `g`. */
async function withSlowHooks() {
  const world = setUp((clock) => ({
    authenticate: async ({ token }) => {
      await waitOn(clock, 50)();
      return { principal: String(token) };
    },
    authorize: ({ action }) => action === 'publish' || waitOn(clock, 50)().then(() => true),
  }));
  const a = new ResumingClient(world.gateway, { token: 'ada' });
  a.connect({ g: {} });
  await world.clock.advance(101);
  const { memberId } = a.take();
  return { ...world, a, memberId: memberId as string, connectionId: world.gateway.connections()[0]?.connectionId as string };
}

/** A gateway that shares its member store, which takes 50 ms to do and as long to answer, and a client that is in `g`. */
async function withSlowStore() {
  const world = shareGateways({
    each: ({ members }, _, clock) => ({ members: paced(members, MEMBER_METHODS, delayed(clock, 50)) }),
  });
  const a = new MovingClient(world.gateways);
  a.connect({ g: {} });
  await world.clock.advance(1_000);
  const { memberId } = a.take();
  return { ...world, a, memberId: memberId as string };
}

test('a group that the earlier connection joins while a resume is under way comes with it: its sync, and its messages', async () => {
  const { clock, gateway, a } = await withSlowHooks();
  const former = a.connection;
  a.connect();
  await clock.advance(20);
  former.send({ type: 'join', payload: { groupId: 'h' } });
  await clock.advance(300);
  await gateway.publish('h', 'all hear this');
  await clock.settle();
  expect(a.take().resumed).toEqual([false, true]);
  expect(a.of('ready').at(-1)?.payload.groups).toEqual(['g', 'h']);
  expect(a.of('data_update').map(({ payload }) => payload.data)).toEqual(['all hear this']);
  expect(a.logs.get('h')?.syncs).toHaveLength(1);
});

test('a group that the host puts the member into while a resume is under way comes with it', async () => {
  const { clock, gateway, a, connectionId } = await withSlowHooks();
  a.connect();
  await clock.advance(60);
  await gateway.join(connectionId, 'h');
  await clock.advance(300);
  await gateway.publish('h', 'all hear this');
  await clock.settle();
  expect(a.take().resumed).toEqual([false, true]);
  expect(a.of('data_update').map(({ payload }) => payload.data)).toEqual(['all hear this']);
});

test('a group that the host takes the member out of while a resume is under way stays left, and the client is told', async () => {
  const { clock, gateway, a, memberId } = await withSlowHooks();
  a.connection.cut();
  a.connect();
  await clock.advance(60);
  expect(gateway.remove(memberId, 'g')).toBe(true);
  await clock.advance(300);
  await gateway.publish('g', 'not for this one');
  await clock.settle();
  expect(a.take().resumed).toEqual([false, true]);
  expect(a.of('ready').at(-1)?.payload.groups).toEqual([]);
  expect(a.of('error')).toMatchObject([{ groupId: 'g', payload: { code: 'FORBIDDEN' } }]);
  expect(a.of('data_update')).toEqual([]);
  expect(await gateway.members('g')).toEqual([]);
});

test('a group that the host takes the member out of while the store takes it over stays left, and the client is told', async () => {
  const { clock, gateways, memberId, a } = await withSlowStore();
  a.connection.cut();
  a.connect();
  // The store is told of the drop, and asked for the member, for 100 ms each; then it takes it over, and answers 50 ms later.
  await clock.advance(275);
  expect(gateways[0].remove(memberId, 'g')).toBe(true);
  await clock.advance(1_000);
  expect(a.take().resumed).toEqual([false, true]);
  expect(a.of('ready').at(-1)?.payload.groups).toEqual([]);
  expect(a.of('error')).toMatchObject([{ groupId: 'g', payload: { code: 'FORBIDDEN' } }]);
  expect(await gateways[0].members('g')).toEqual([]);
});

test('who the host puts into a group is told where it stands, and comes back there without a loss', async () => {
  const { clock, gateway, a, connectionId } = await withSlowHooks();
  await gateway.join(connectionId, 'h');
  await gateway.publish('h', 1);
  await clock.settle();
  expect(a.of('sync').at(-1)?.payload).toMatchObject({ groupId: 'h', outcome: 'live', seq: 0 });
  a.take().connection.cut();
  await gateway.publish('h', 2);
  a.connect();
  await clock.advance(300);
  expect(a.take().logs.get('h')).toMatchObject({ seen: [1, 2] });
  expect(a.logs.get('h')?.syncs.at(-1)).toMatchObject({ outcome: 'recovered', replayed: 1 });
});

test('a group that is joined in the very step in which the last hook of a resume answers is not left out (FC_SEED=7, run 9575) [R186]', async () => {
  for (const turns of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
    const { clock, gateway } = setUp({ authenticate: ({ token }) => ({ principal: String(token) }) });
    const a = new ResumingClient(gateway, { token: 'ada' });
    a.connect({ g: {} });
    await clock.settle();
    const former = a.take().connection;
    a.connect();
    for (let n = 0; n < turns; n += 1) await Promise.resolve();
    former.send({ type: 'join', payload: { groupId: 'h' } });
    await clock.settle();
    const groups = a.of('ready').at(-1)?.payload.groups;
    const synced = a.of('sync').map(({ groupId }) => groupId);
    for (const groupId of groups) expect(synced, `after ${turns} turns`).toContain(groupId);
  }
});
