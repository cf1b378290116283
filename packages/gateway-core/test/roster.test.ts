import { createGateway, type Gateway, MemoryPresenceStore, type PresenceMember } from 'gateway-core';
import { connectClient, FakeClock } from 'gateway-core/testing';
import type { GroupMember } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { LogBudget } from '../src/groups/log-budget.js';
import { Roster } from '../src/groups/roster.js';
import { DEFAULT_LIMITS } from '../src/limits.js';
import { delayed, late, PRESENCE_METHODS, paced } from './support/asynchronous.js';
import { failing } from './support/failing.js';
import { KnownRosters } from './support/known-rosters.js';
import { identify, long } from './support/messages.js';
import { ResettableBroker } from './support/resettable-broker.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

const FAST = { messagesPerSecondMax: 0, bytesPerSecondMax: 0, joinsPerSecondMax: 0 };

function stage(options: Parameters<typeof setUp>[0] = {}) {
  const world = setUp(options);
  const { clock, gateway } = world;
  /** A client of dialect 2 that has come into the group, and what it knows. */
  const come = async (identity: ConstructorParameters<typeof ResumingClient>[1] = {}, groupId = 'g') => {
    const client = new ResumingClient(gateway, identity);
    client.connect({ [groupId]: {} });
    await clock.settle();
    return Object.assign(client.take(), { rosters: new KnownRosters(client) });
  };
  const crowd = async (count: number) => {
    const clients = Array.from({ length: count }, () => new ResumingClient(gateway));
    for (const client of clients) client.connect({ g: {} });
    await clock.advance(1_000);
    return clients;
  };
  return { ...world, come, crowd };
}

async function closeNow(gateway: Gateway, clock: FakeClock): Promise<void> {
  const closing = gateway.close({ graceMs: 0 });
  await clock.advance(1_000);
  await closing;
}

/** What came of presence, `info` apart: of the syncs and the updates. */
const told = (client: ResumingClient) =>
  client.take().received.flatMap(({ type, payload }) => {
    if (type !== 'sync' && type !== 'presence_update') return [];
    const { version, members, joins, updates, leaves } = payload;
    return [JSON.parse(JSON.stringify({ type, version, members, joins, updates, leaves }))];
  });
const member = ({ memberId }: ResumingClient, rest: Partial<GroupMember> = {}) => ({
  memberId,
  role: 'app-client',
  connected: true,
  ...rest,
});
const listOf = (client: { rosters: KnownRosters }) => [...(client.rosters.take().groups.get('g')?.members?.values() ?? [])];

describe('the roster of a group', () => {
  test('comes with sync, and then as differences: who has come, has changed and has gone [R72] [R142] [R143] [R144] [R145]', async () => {
    const { clock, come } = stage();
    const a = await come();
    await clock.advance(1_000);
    const b = await come({ clientType: 'dashboard', metadata: { n: 1 } });
    await clock.advance(1_000);
    b.send({ type: 'presence', groupId: 'g', payload: { state: { at: 3 } } });
    await clock.advance(1_000);
    b.send({ type: 'leave', payload: { groupId: 'g' } });
    await clock.advance(1_000);
    const dashboard = member(b, { role: 'dashboard', metadata: { n: 1 } });
    expect(told(a)).toEqual([
      { type: 'sync', version: 1, members: [member(a)] },
      { type: 'presence_update', version: 2, joins: [dashboard] },
      { type: 'presence_update', version: 3, updates: [{ ...dashboard, state: { at: 3 } }] },
      { type: 'presence_update', version: 4, leaves: [b.memberId] },
    ]);
    expect(told(b)[0]).toEqual({ type: 'sync', version: 2, members: [member(a), dashboard] });
    expect(a.of('presence_update').map(({ payload }) => payload.info.details.members)).toEqual([2, 2, 1]);
  });

  test('has a drop as a change of who has dropped, and a resume as another: nobody comes or goes [R142] [R151] [R182]', async () => {
    const { clock, come } = stage();
    const [a, b] = [await come(), await come()];
    await clock.advance(1_000);
    const before = told(a).length;
    b.connection.cut();
    await clock.advance(1_000);
    b.connect();
    await clock.advance(1_000);
    expect(told(a).slice(before)).toEqual([
      { type: 'presence_update', version: 3, updates: [member(b, { connected: false })] },
      { type: 'presence_update', version: 4, updates: [member(b)] },
    ]);
    expect(listOf(b)).toEqual([member(a), member(b)]);
  });

  test('does not change with a drop and a resume inside one interval [R150] [R152]', async () => {
    const { clock, come } = stage();
    const [a, b] = [await come(), await come()];
    await clock.advance(1_000);
    await come();
    const before = told(a).length;
    b.connection.cut();
    await clock.settle();
    b.connect();
    await clock.advance(1_000);
    expect(told(a).slice(before)).toEqual([]);
    expect(listOf(b)).toHaveLength(3);
  });

  test('has of many changes in an interval only what they come to [R72]', async () => {
    const { clock, come } = stage();
    const [a, b] = [await come(), await come()];
    await clock.advance(1_000);
    const passing = await come();
    const before = told(a).length;
    for (let n = 0; n < 50; n += 1) b.send({ type: 'presence', groupId: 'g', payload: { state: n } });
    const brief = await come();
    brief.connection.close();
    passing.connection.close();
    await clock.advance(1_000);
    expect(told(a).slice(before)).toEqual([
      { type: 'presence_update', version: 4, updates: [member(b, { state: 49 })], leaves: [passing.memberId] },
    ]);
  });

  test('keeps no difference that everybody has seen', async () => {
    const { clock, gateway, come, crowd } = stage();
    const a = await come();
    await crowd(10);
    await clock.advance(5_000);
    const before = gateway.stats().logBytes;
    for (const state of ['x'.repeat(1_000), null]) {
      a.send({ type: 'presence', groupId: 'g', payload: { state } });
      await clock.advance(1_000);
    }
    expect(told(a)).toHaveLength(2 + 2);
    expect(gateway.stats().logBytes).toBeLessThanOrEqual(before);
  });

  test('is the same bytes for all, and what dialect 1 is told is as it always was', async () => {
    const { clock, come, crowd, join } = stage();
    const one = await join('g');
    await clock.advance(1_000);
    const clients = await crowd(20);
    await come({ metadata: { n: 1 } });
    await clock.advance(1_000);
    const last = clients.map(({ connection }) => connection.texts.at(-1));
    expect(new Set(last).size).toBe(1);
    expect(JSON.parse(last[0] as string)).toMatchObject({
      type: 'presence_update',
      payload: { joins: [{ metadata: { n: 1 } }] },
    });
    const updates = one.texts.filter((text) => text.includes('presence_update'));
    expect(updates.at(-1)).toMatch(
      /^\{"type":"presence_update","ts":\d+,"groupId":"g","payload":\{"groupId":"g","info":\{"status":"UP","details":\{"role":"app-client","metadata":\{"n":1\},"members":22\}\}\}\}$/,
    );
    expect(updates.every((text) => !text.includes('"version"'))).toBe(true);
  });

  test('goes over gateways that share the store', async () => {
    const clock = new FakeClock();
    const presence = new MemoryPresenceStore({ clock });
    const east = createGateway({ clock, presence });
    const west = createGateway({ clock, presence });
    const [a, b] = [new ResumingClient(east), new ResumingClient(west)];
    for (const client of [a, b]) {
      client.connect({ g: {} });
      await clock.advance(1_000);
      client.take();
    }
    b.send({ type: 'presence', groupId: 'g', payload: { state: 'there' } });
    await clock.advance(1_000);
    for (const client of [a, b]) {
      const { members } = new KnownRosters(client).take().groups.get('g') ?? {};
      expect([...(members?.values() ?? [])]).toEqual([member(a), member(b, { state: 'there' })]);
    }
    for (const gateway of [east, west]) await closeNow(gateway, clock);
  });
});

describe('a member whose socket is full', () => {
  async function behind(count: number) {
    const world = stage({ limits: { ...FAST, socketHighWaterMarkBytes: 2_000 } });
    const clients = await world.crowd(count);
    const slow = await world.come();
    await world.clock.advance(1_000);
    slow.connection.stopReading();
    void world.gateway.publish('g', long(3_000));
    await world.clock.settle();
    const before = told(slow).length;
    const change = async (times: number) => {
      for (let n = 0; n < times; n += 1) {
        clients[0]?.send({ type: 'presence', groupId: 'g', payload: { state: `${times} ${n}` } });
        await world.clock.advance(500);
      }
    };
    const caughtUp = async () => {
      slow.connection.startReading();
      await world.clock.advance(100);
      return told(slow).slice(before);
    };
    return { ...world, slow, clients, change, caughtUp };
  }

  test('gets the differences that it has missed, one after the other [R145] [R149]', async () => {
    const { slow, change, caughtUp } = await behind(40);
    await change(5);
    const updates = await caughtUp();
    expect(updates.map(({ updates }) => updates?.length)).toEqual([1, 1, 1, 1, 1]);
    expect(listOf(slow)).toHaveLength(41);
    expect(listOf(slow)[0]).toMatchObject({ state: '5 4' });
  });

  test('gets the whole list where it has missed more than 8, or more than the list is long [R147]', async () => {
    for (const [count, missed] of [
      [40, 9],
      [2, 3],
    ] as const) {
      const { slow, change, caughtUp } = await behind(count);
      await change(missed);
      const updates = await caughtUp();
      expect(updates).toMatchObject([{ type: 'presence_update', members: expect.any(Array) }]);
      expect(listOf(slow)).toHaveLength(count + 1);
      await change(1);
      expect(listOf(slow)[0]).toMatchObject({ state: '1 0' });
    }
  });
});

describe('a group that is too large', () => {
  test('has no list: only how many they are, until they are fewer again [R143] [R147] [R148] [R153] [R156] [R157] [R158]', async () => {
    const { clock, come, events } = stage({ limits: { presenceMembersMax: 2 } });
    const [a, b] = [await come(), await come()];
    await clock.advance(1_000);
    expect(listOf(a)).toHaveLength(2);
    const c = await come();
    await clock.advance(1_000);
    expect(told(a).at(-1)).toEqual({ type: 'presence_update', version: 3 });
    expect(told(c)).toEqual([{ type: 'sync' }, { type: 'presence_update', version: 3 }]);
    const d = await come();
    await clock.advance(1_000);
    expect(told(d)).toEqual([{ type: 'sync' }, { type: 'presence_update', version: 4 }]);
    expect(d.of('presence_update').map(({ payload }) => payload.info.details.members)).toEqual([4]);
    // Nobody comes or goes, so nothing is to be told.
    d.send({ type: 'presence', groupId: 'g', payload: { state: 1 } });
    await clock.advance(1_000);
    expect(told(a).at(-1)).toEqual({ type: 'presence_update', version: 4 });
    for (const client of [c, d]) client.connection.close();
    await clock.advance(1_000);
    expect(told(a).at(-1)).toEqual({ type: 'presence_update', version: 5, members: [member(a), member(b)] });
    expect(events('error')).toEqual([]);
  });

  test('is too large by the bytes of its list too [R154]', async () => {
    const { clock, come } = stage({ limits: { presenceListBytesMax: 400 } });
    const a = await come();
    await come();
    await clock.advance(1_000);
    expect(listOf(a)).toHaveLength(2);
    await come({ metadata: { text: long(300) } });
    await clock.advance(1_000);
    expect(told(a).at(-1)).toEqual({ type: 'presence_update', version: 3 });
  });

  test.each([
    [0, true],
    [-1, false],
  ])('is so by the byte: a limit that is as long as its list, and %i, has it listed: %s [R154]', async (more, isListed) => {
    const listWith = async (limits: { presenceListBytesMax?: number }) => {
      const { clock, come } = stage({ limits });
      for (const text of ['größer', '']) await come({ metadata: { text } });
      await clock.advance(1_000);
      const last = await come();
      return JSON.stringify(last.of('sync')[0]?.payload.members);
    };
    const whole = await listWith({});
    expect(JSON.parse(whole)).toHaveLength(3);
    const limited = await listWith({ presenceListBytesMax: Buffer.byteLength(whole) + more });
    expect(limited).toEqual(isListed ? whole : undefined);
  });

  test('is one of which there is no room to know who is there: rosters take half of logBytesTotalMax at most [R155]', async () => {
    const { clock, gateway, come } = stage({ limits: { ...FAST, logBytesTotalMax: 200_000 } });
    const clients = [];
    for (let n = 0; n < 60; n += 1) clients.push(await come({ metadata: { text: long(1_000) } }, `g${n % 20}`));
    await clock.advance(2_000);
    const listed = clients.filter(({ rosters }, n) => rosters.take().groups.get(`g${n % 20}`)?.members !== undefined).length;
    expect(listed).toBeGreaterThan(15);
    expect(listed).toBeLessThan(60);
    for (const [n, { rosters }] of clients.entries()) expect(rosters.groups.get(`g${n % 20}`)?.count).toBe(3);
    // The groups themselves are counted with 2 KiB each.
    expect(gateway.stats().logBytes).toBeLessThan(100_000 + 20 * 5_000);
    expect(gateway.stats().logBytes).toBeGreaterThan(20 * 2_048 + 30_000);
  });

  test.each([0, 1_000])(
    'of 10,000 who join over %i ms is told of at most 5 times each, in all',
    { timeout: 60_000 },
    async (ms) => {
      const { clock, gateway } = stage({ limits: FAST });
      const clients = Array.from({ length: 10_000 }, () => connectClient(gateway));
      for (const [n, client] of clients.entries()) {
        client.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', groupId: 'g' } });
        if (n % 100 === 99) await clock.advance(ms / 100);
      }
      await clock.advance(10_000);
      const counts = clients.map(({ texts }) => texts.filter((text) => text.startsWith('{"type":"presence_update"')).length);
      expect(Math.max(...counts)).toBeLessThanOrEqual(5);
      expect(Math.min(...counts)).toBeGreaterThan(0);
      for (const { received } of [clients[0], clients[5_000], clients[9_999]] as typeof clients) {
        expect(received.at(-1)).toMatchObject({ type: 'presence_update', payload: { info: { details: { members: 10_000 } } } });
      }
    },
  );

  test('of 1,000 who join at once is listed to each, in at most 5 messages beside its sync', { timeout: 60_000 }, async () => {
    const { clock, gateway, crowd } = stage({ limits: FAST });
    const clients = await crowd(1_000);
    await clock.advance(5_000);
    for (const client of [clients[0], clients[500], clients[999]] as ResumingClient[]) {
      const rosters = new KnownRosters(client).take();
      expect(rosters.groups.get('g')?.members?.size).toBe(1_000);
      expect(client.of('presence_update').length).toBeLessThanOrEqual(5);
    }
    expect(gateway.stats().logBytes).toBeLessThan(2 * 1024 * 1024);
  });
});

describe('the list that comes with sync', () => {
  test('comes with each join, with each resume, and where the host puts a member into a group [R89]', async () => {
    const { clock, come, gateway, join } = stage();
    await join('g');
    const a = await come({}, 'other');
    const { connectionId } = gateway.connections().at(-1) as { connectionId: string };
    await gateway.join(connectionId, 'g');
    await clock.advance(1_000);
    expect(told(a).slice(1)).toEqual([{ type: 'sync', version: 1, members: [expect.anything(), member(a)] }]);
    a.send({ type: 'join', payload: { groupId: 'g' } });
    await clock.settle();
    expect(told(a).at(-1)).toEqual({ type: 'sync', version: 1, members: [expect.anything(), member(a)] });
    a.connection.cut();
    await clock.advance(1_000);
    a.connect();
    await clock.advance(1_000);
    expect(listOf(a)).toHaveLength(2);
    expect(listOf(a)[1]).toEqual(member(a));
  });

  test('is there with the first join, also where the store takes its time', async () => {
    const { clock, come } = stage((fake) => ({
      presence: paced(new MemoryPresenceStore({ clock: fake }), PRESENCE_METHODS, delayed(fake, 50)),
    }));
    const a = await come();
    await clock.advance(1_000);
    expect(told(a)[0]).toEqual({ type: 'sync', version: 1, members: [member(a)] });
  });

  test('of two who come at once is asked for twice, and the first is told of the second all the same', async () => {
    const { clock, come } = stage((fake) => ({
      presence: paced(new MemoryPresenceStore({ clock: fake }), ['list'], late(fake, 100)),
    }));
    const a = await come();
    await clock.advance(50);
    const b = await come();
    await clock.advance(2_000);
    for (const client of [a, b])
      expect(listOf(client).map(({ memberId }) => memberId)).toEqual([a.take().memberId, b.take().memberId]);
  });

  test('is not repeated where a log is lost in mid-life: differences go on [R159]', async () => {
    const broker = new ResettableBroker();
    const { clock, come } = stage({ broker });
    const a = await come();
    await clock.advance(1_000);
    broker.lose('g');
    await clock.settle();
    await come();
    await clock.advance(1_000);
    expect(told(a).map(({ type, version }) => [type, version])).toEqual([
      ['sync', 1],
      ['sync', undefined],
      ['presence_update', 2],
    ]);
    expect(listOf(a)).toHaveLength(2);
  });

  test('waits for the store to answer again where it fails, and nobody waits for it [R143] [R237]', async () => {
    let fails = true;
    const { clock, come, events, join } = stage((fake) => ({
      presence: failing(new MemoryPresenceStore({ clock: fake }), 'list', 'rejects', () => fails),
    }));
    const one = await join('g');
    const a = await come();
    await clock.advance(1_000);
    expect(told(a)).toEqual([{ type: 'sync' }]);
    expect(one.received.at(-1)).toMatchObject({ type: 'presence_update', payload: { info: { details: { members: 2 } } } });
    expect(events('error').map(({ where }) => where)).toContain('presence.list');
    fails = false;
    await clock.advance(1_000);
    expect(listOf(a)).toHaveLength(2);
  });
});

test('an answer of the store that was asked for earlier and comes later is no change', () => {
  const roster = new Roster('g', DEFAULT_LIMITS, new LogBudget(1_000_000, () => {}));
  const info = { status: 'UP' } as const;
  const someone = (memberId: string): PresenceMember => ({ memberId, nodeId: 'n', role: 'app-client', state: 'connected' });
  roster.take({ ts: 0, info, members: [someone('a'), someone('b')], asked: 2 }, 1);
  const before = roster.list;
  roster.take({ ts: 0, info, members: [someone('a')], asked: 1 }, 2);
  expect(roster.framesAfter(1)).toEqual([]);
  expect(roster.list).toEqual(before);
});

describe('a group without members of dialect 2', () => {
  test('is never listed', async () => {
    let lists = 0;
    const { clock, join } = stage((fake) => {
      const store = new MemoryPresenceStore({ clock: fake });
      const count = () => {
        lists += 1;
        return false;
      };
      return { presence: failing(store, 'list', 'throws', count) };
    });
    for (let n = 0; n < 5; n += 1) {
      await join('g');
      await clock.advance(300);
    }
    expect(lists).toBe(0);
  });

  test('forgets the list that it had once they have gone, and counts it in logBytes while it has one', async () => {
    const { clock, come, gateway, join } = stage();
    const one = await join('g');
    await clock.advance(1_000);
    const { logBytes } = gateway.stats();
    const a = await come();
    await clock.advance(1_000);
    expect(gateway.stats().logBytes).toBeGreaterThan(logBytes + 400);
    a.connection.close();
    await clock.advance(1_000);
    one.send(identify('g', { metadata: { n: 1 } }));
    await clock.advance(1_000);
    one.send(identify('g'));
    await clock.advance(1_000);
    expect(gateway.stats().logBytes).toBeLessThan(logBytes + 50);
    const b = await come();
    expect(told(b)).toMatchObject([{ type: 'sync', members: [{}, member(b)] }]);
  });
});
