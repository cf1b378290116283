import fc from 'fast-check';
import type { Client, Group, RosterChange } from 'gateway-client';
import { expect, test } from 'vitest';
import { World } from './support.js';

const ACTIONS = fc.array(fc.tuple(fc.constantFrom('come', 'go', 'drop', 'say', 'away', 'time'), fc.nat(3)), { maxLength: 30 });

test('[B65] the roster is the gateway’s after any schedule', async () => {
  await fc.assert(
    fc.asyncProperty(ACTIONS, async (actions) => {
      const world = new World();
      const watcher = await world.online();
      const group = watcher.join('g');
      await world.clock.advance(0);
      const mine = world.socket;
      const clients = new Map<number, { client: Client; group: Group }>();
      for (const [action, who] of actions) {
        const one = clients.get(who);
        if (action === 'come' && one === undefined) {
          const client = await world.online({ signals: null, metadata: { who } });
          clients.set(who, { client, group: client.join('g') });
        }
        if (action === 'go' && one !== undefined) {
          void one.client.close();
          clients.delete(who);
        }
        if (action === 'drop') world.socket.cut();
        if (action === 'away') mine.cut();
        if (action === 'say') one?.group.setState({ at: world.clock.now() });
        if (action === 'time') await world.clock.advance(500);
        await world.clock.settle();
      }
      await world.clock.advance(40_000);
      const told = [...group.members.get().list.values()];
      const members = await world.gateway.members('g');
      const byId = (one: { memberId: string }, other: { memberId: string }) => (one.memberId < other.memberId ? -1 : 1);
      const known = (list: readonly { memberId: string; metadata?: unknown; state?: unknown }[]) =>
        [...list].sort(byId).map(({ memberId, metadata }) => ({ memberId, metadata }));
      expect(known(told)).toEqual(known(members as never));
      expect(group.members.get()).toMatchObject({ count: members.length, complete: true, stale: false, status: 'UP' });
      for (const { client } of clients.values()) void client.close();
      void watcher.close();
      await world.clock.advance(0);
      await world.gateway.close();
    }),
    { numRuns: 40 },
  );
}, 60_000);

test('[B66] the roster is kept over a drop, and only the difference is told', async () => {
  const world = new World();
  const [stays, goes] = [await world.online({ signals: null }), await world.online({ signals: null })];
  stays.join('g');
  goes.join('g');
  const client = await world.online();
  const group = client.join('g');
  await world.clock.advance(1_000);
  const own = world.socket;
  expect(group.members.get().list.size).toBe(3);
  const changes: RosterChange[] = [];
  group.on('members', (change) => changes.push(change));
  world.handshake = 'refuse';
  own.cut();
  await world.clock.advance(100);
  expect(group.members.get()).toMatchObject({ stale: true, complete: true });
  expect(group.members.get().list.size).toBe(3);
  void goes.close();
  await world.clock.advance(1_000);
  world.handshake = 'connect';
  world.signals.give('wake');
  await world.clock.advance(5_000);
  expect(group.members.get()).toMatchObject({ stale: false, count: 2 });
  expect(changes.flatMap(({ leaves }) => leaves.map(({ memberId }) => memberId))).toHaveLength(1);
  expect(changes.flatMap(({ joins }) => joins)).toEqual([]);
});

test('a group with more members than are listed: their number is known, and the list is not complete', async () => {
  const world = new World({ limits: { presenceMembersMax: 2 } });
  const client = await world.online();
  const group = client.join('g');
  for (let count = 0; count < 3; count += 1) (await world.online({ signals: null })).join('g');
  await world.clock.advance(2_000);
  expect(group.members.get()).toMatchObject({ count: 4, complete: false, status: 'UP' });
  expect(group.members.get().list.size).toBe(0);
  // A difference leads nowhere where no list was told.
  const member = { memberId: 'm', role: 'app-client', connected: true };
  const payload = { groupId: 'g', info: { status: 'UP', details: { members: 4 } }, version: 99, joins: [member] };
  world.sockets.sockets[0]!.onmessage?.({ data: JSON.stringify({ type: 'presence_update', ts: 1, groupId: 'g', payload }) });
  expect(group.members.get().list.size).toBe(0);
});

test('[B67] setState is put together, and said again after a fresh join', async () => {
  const world = new World();
  const client = await world.online();
  const group = client.join<unknown, { x: number } | string>('g');
  group.setState({ x: 0 });
  await world.clock.advance(1_000);
  const before = world.sent('presence').length;
  expect(before).toBe(1);
  for (let x = 1; x <= 100; x += 1) group.setState({ x });
  for (let x = 101; x <= 200; x += 1) {
    await world.clock.advance(0);
    group.setState({ x });
  }
  await world.clock.advance(1_000);
  expect(world.sent('presence').length - before).toBe(2);
  expect(group.members.get().list.get(client.memberId as string)?.state).toEqual({ x: 200 });
  world.handshake = 'refuse';
  world.socket.cut();
  await world.clock.advance(20_000);
  world.handshake = 'connect';
  world.signals.give('wake');
  await world.clock.advance(2_000);
  expect(group.members.get().list.get(client.memberId as string)?.state).toEqual({ x: 200 });
  group.setState(undefined);
  await world.clock.advance(1_000);
  expect(group.members.get().list.get(client.memberId as string)).not.toHaveProperty('state');
});

test('[B41] [B42] a state that is no JSON, or too long in UTF-8, is refused before it is sent', async () => {
  const world = new World();
  const client = await world.online();
  const group = client.join('g');
  await world.clock.advance(1_000);
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  for (const state of [cycle, 10n, () => {}, Symbol('s')]) {
    expect(() => group.setState(state)).toThrow(expect.objectContaining({ code: 'INVALID_DATA', groupId: 'g' }));
  }
  // Fewer UTF-16 units than the limit has bytes, and more bytes.
  expect(() => group.setState('😀'.repeat(100_000))).toThrow(expect.objectContaining({ code: 'TOO_BIG', groupId: 'g' }));
  await world.clock.advance(1_000);
  expect(world.sent('presence')).toEqual([]);
  expect(client.status.get().state).toBe('online');
});
