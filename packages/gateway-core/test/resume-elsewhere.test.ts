import type { Gateway, MemberStore } from 'gateway-core';
import { expect, test } from 'vitest';
import { delayed, MEMBER_METHODS, PRESENCE_METHODS, paced } from './support/asynchronous.js';
import { MovingClient, type SharedOptions, shareGateways } from './support/shared-gateways.js';

const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, n) => from + n);

/** Two gateways, a client `a` at the first and another one, `b`, at the second, both in `g`. */
async function pair(options: SharedOptions = {}) {
  const world = shareGateways(options);
  const [a, b] = [new MovingClient(world.gateways, { token: 'ada' }), new MovingClient(world.gateways, { token: 'bob' }).goTo(1)];
  for (const client of [a, b]) client.connect({ g: {} });
  await world.clock.advance(1_000);
  for (const client of [a, b]) client.take();
  return { ...world, a, b, memberId: a.memberId as string };
}

/** Who is in the group, in the eyes of a client of dialect 2: by its first list and the differences since. */
function rosterOf(client: MovingClient): { known: Map<string, boolean>; leaves: string[]; joins: string[] } {
  const known = new Map<string, boolean>();
  const leaves: string[] = [];
  const joins: string[] = [];
  for (const { type, payload } of client.take().received) {
    if (type !== 'sync' && type !== 'presence_update') continue;
    if (payload.members !== undefined) known.clear();
    for (const memberId of payload.leaves ?? []) {
      known.delete(memberId);
      leaves.push(memberId);
    }
    for (const { memberId, connected } of [...(payload.members ?? []), ...(payload.joins ?? []), ...(payload.updates ?? [])])
      known.set(memberId, connected);
    joins.push(...(payload.joins ?? []).map(({ memberId }: { memberId: string }) => memberId));
  }
  return { known, leaves, joins };
}

test('who dropped from one gateway resumes on another as the same member, and gets what was said meanwhile, once and in order [R246]', async () => {
  const { clock, gateways, a, b, memberId, events, rosters } = await pair();
  a.say('g', 1);
  await clock.settle();
  a.take().connection.cut();
  for (const n of upTo(19, 2)) b.say('g', n);
  await clock.advance(14_000);
  const before = rosterOf(b);
  expect(before.known.get(memberId)).toBe(false);
  a.goTo(1).connect();
  b.say('g', 21);
  await clock.advance(1_000);
  expect(a.take()).toMatchObject({ memberId, resumed: [false, true] });
  expect(a.logs.get('g')).toMatchObject({ seen: upTo(21) });
  expect(a.logs.get('g')?.syncs.at(-1)).toMatchObject({ outcome: 'recovered' });
  expect(events('leave')).toEqual([]);
  expect(events('moved')).toMatchObject([{ at: 0, event: { memberId } }]);
  expect(events('resumed')).toMatchObject([{ at: 1, event: { memberId } }]);
  expect(gateways.map((gateway) => gateway.stats().droppedMembers)).toEqual([0, 0]);
  // Long after both the window and the lease of either.
  await clock.advance(60_000);
  expect(rosterOf(b)).toMatchObject({ leaves: [], joins: before.joins });
  expect(rosterOf(b).known.get(memberId)).toBe(true);
  const seen = rosters.filter((roster) => roster.startsWith('g:'));
  const since = seen.slice(seen.findIndex((roster) => roster.includes(memberId)));
  expect(since.filter((roster) => !roster.includes(memberId))).toEqual([]);
  expect(events('expired')).toEqual([]);
  expect(events('error')).toEqual([]);
});

test('its places come along: where the host has put it, and what it says of itself; and it may leave and end there [R246]', async () => {
  const { clock, gateways, a, b, memberId, events } = await pair({
    both: () => ({ authorize: ({ action, groupId }) => action !== 'join' || groupId !== 'private' }),
  });
  const [connection] = gateways[0].connections();
  await gateways[0].join(connection?.connectionId as string, 'private');
  a.send({ type: 'presence', groupId: 'g', payload: { state: { typing: true } } });
  await clock.advance(500);
  a.take().connection.cut();
  a.goTo(1).connect();
  await clock.advance(500);
  expect(a.take().of('ready').at(-1)?.payload.groups.sort()).toEqual(['g', 'private']);
  expect(await gateways[0].members('g')).toMatchObject([{ memberId, state: 'connected', presenceState: { typing: true } }, {}]);
  a.send({ type: 'leave', payload: { groupId: 'private' } });
  await clock.advance(500);
  expect(await gateways[0].members('private')).toEqual([]);
  a.connection.close(1000);
  await clock.advance(500);
  expect(await gateways[0].members('g')).toMatchObject([{ memberId: b.memberId }]);
  expect(events('leave').map(({ at, event }) => [at, event.groupId])).toEqual([
    [1, 'private'],
    [1, 'g'],
  ]);
  a.connect();
  await clock.advance(500);
  expect(a.take().resumed.at(-1)).toBe(false);
});

test('a half-open connection on the first gateway is closed with 4004, and nothing that it says is taken [R247]', async () => {
  const { clock, a, b, memberId, events } = await pair();
  const former = a.connection;
  a.goTo(1).connect();
  await clock.settle();
  expect(former.closed?.code).toBe(4004);
  former.send({ type: 'data_update', groupId: 'g', payload: { data: 'late' } });
  former.send({ type: 'leave', payload: { groupId: 'g' } });
  former.close(1000);
  a.say('g', 'from the new one');
  await clock.advance(30_000);
  expect(b.of('data_update').map(({ payload }) => payload.data)).toEqual(['from the new one']);
  expect(rosterOf(b)).toMatchObject({ leaves: [] });
  expect(rosterOf(b).known.get(memberId)).toBe(true);
  expect(events('disconnect')).toMatchObject([{ at: 0, event: { code: 4004, memberId } }]);
  expect(events('detached')).toEqual([]);
});

test('what is under way for the first connection when it is replaced comes to nothing', async () => {
  const waiting: ((yes: boolean) => void)[] = [];
  const { clock, gateways, a, memberId, presence } = await pair({
    both: () => ({
      authorize: ({ action, groupId }) =>
        action === 'join' && groupId === 'slow' ? new Promise<boolean>((resolve) => waiting.push(resolve)) : true,
    }),
  });
  a.send({ type: 'join', payload: { groupId: 'slow' } });
  const [connection] = gateways[0].connections();
  await clock.settle();
  const metadata = gateways[0].setMetadata(connection?.connectionId as string, { late: true });
  a.goTo(1).connect();
  await clock.settle();
  await metadata.catch(() => {});
  for (const answer of waiting) answer(true);
  await clock.advance(20_000);
  expect(presence.list('slow')).toEqual([]);
  expect(presence.list('g').find((member) => member.memberId === memberId)).toMatchObject({ state: 'connected', generation: 2 });
  expect(a.of('ready').at(-1)?.payload.groups).toEqual(['g']);
});

test('what was under way for a member that moved on and has come back takes nothing of it away (FC_SEED=20261126, run 383)', async () => {
  let waits = 0;
  const { clock, gateways, a, memberId, events, rosters } = await pair({
    both: (clock) => ({
      authorize: () => (waits === 0 ? true : new Promise<true>((resolve) => clock.setTimeout(() => resolve(true), waits))),
    }),
  });
  waits = 3_000;
  a.send({ type: 'identify', version: '2', payload: { clientType: 'app-client' } });
  await clock.settle();
  waits = 0;
  for (const at of [1, 0]) {
    a.goTo(at).connect();
    await clock.advance(100);
  }
  await clock.advance(5_000);
  expect(a.take()).toMatchObject({ memberId, resumed: [false, true, true] });
  expect((await gateways[1].members('g')).map((member) => member.memberId)).toContain(memberId);
  expect(
    rosters
      .filter((roster) => roster.startsWith('g:'))
      .slice(1)
      .every((roster) => roster.includes(memberId)),
  ).toBe(true);
  expect(events('leave')).toEqual([]);
});

test('a group that it comes into in the last moment at its first gateway is not one that it is seen in for ever (FC_SEED=20261126, run 1663)', async () => {
  const { clock, gateways, a, memberId, presence } = await pair({
    each: ({ members, presence }, _, clock) => ({
      members: paced(members, [...MEMBER_METHODS], delayed(clock, 20)),
      presence: paced(presence, [...PRESENCE_METHODS], delayed(clock, 20)),
    }),
  });
  const seen: string[] = [];
  // From well before the resume to well after it.
  for (let lead = -240; lead <= 160; lead += 20) {
    a.take();
    const at = gateways[0].connections().some((each) => each.memberId === memberId) ? 0 : 1;
    a.goTo(1 - at);
    const former = a.connection;
    const steps = [() => a.connect(), () => former.send({ type: 'join', payload: { groupId: `h${lead}` } })];
    if (lead < 0) steps.reverse();
    steps[0]?.();
    await clock.advance(Math.abs(lead));
    steps[1]?.();
    await clock.advance(30_000);
    const isIn = a.take().of('ready').at(-1)?.payload.groups.includes(`h${lead}`);
    expect(
      presence.list(`h${lead}`).map((member) => member.memberId),
      `${lead} ms`,
    ).toEqual(isIn ? [memberId] : []);
    seen.push(isIn ? 'in' : 'out');
  }
  expect(new Set(seen)).toEqual(new Set(['in', 'out']));
});

/** The store as one sees it that hears nothing of it. */
function deafTo(members: MemberStore): MemberStore {
  return new Proxy(paced(members, [], {}), {
    get: (target, name) => (name === 'onReplaced' ? () => () => {} : Reflect.get(target, name, target)),
  });
}

test('a gateway that is not told is so by what its calls are answered, and by a client that comes back to it [R247]', async () => {
  for (const comesBack of [true, false]) {
    const { clock, gateways, a, memberId, events, presence } = await pair({
      each: ({ members }, at) => (at === 1 ? {} : { members: deafTo(members) }),
    });
    const former = a.connection;
    a.goTo(1).connect();
    await clock.advance(1_000);
    expect(former.closed).toBeUndefined();
    if (comesBack) a.goTo(0).connect();
    else former.send({ type: 'join', payload: { groupId: 'h' } });
    await clock.advance(1_000);
    expect(former.closed?.code).toBe(4004);
    expect(events('moved')[0]).toMatchObject({ at: 0, event: { memberId } });
    await clock.advance(60_000);
    expect(a.take()).toMatchObject({ memberId, resumed: comesBack ? [false, true, true] : [false, true] });
    expect(gateways.map((gateway) => gateway.connections().filter((each) => each.memberId === memberId).length)).toEqual(
      comesBack ? [1, 0] : [0, 1],
    );
    expect(presence.list('g')).toHaveLength(2);
    expect(presence.list('h')).toEqual([]);
  }
});

test('who is resumed elsewhere while its earlier connection stands stays in its groups when that ends, also without a window [R247]', async () => {
  const { clock, a, memberId, events, presence } = await pair({
    both: () => ({ timings: { resumeTtlMs: 0 } }),
    each: ({ members }, at) => (at === 1 ? {} : { members: deafTo(members) }),
  });
  const former = a.connection;
  a.goTo(1).connect();
  await clock.advance(1_000);
  expect(a.take()).toMatchObject({ memberId, resumed: [false, true] });
  former.cut();
  await clock.advance(5_000);
  expect(presence.list('g').map((member) => member.memberId)).toContain(memberId);
  expect(events('error')).toEqual([]);
});

test('of two gateways that race for one token one has the member, and the other a new one [R194]', async () => {
  const answers: (() => void)[] = [];
  const world = shareGateways({
    both: () => ({ authenticate: () => new Promise((resolve) => answers.push(() => resolve(true))) }),
  });
  const { clock, gateways, events } = world;
  const settle = async () => {
    await clock.settle();
    for (const answer of answers.splice(0)) answer();
    await clock.settle();
  };
  const first = new MovingClient(gateways);
  first.connect({ g: {} });
  await settle();
  const { memberId, token } = first.take();
  first.connection.cut();
  const racers = [new MovingClient(gateways), new MovingClient(gateways).goTo(1), new MovingClient(gateways).goTo(1)];
  for (const racer of racers) {
    racer.token = token;
    racer.connect({ g: {} });
  }
  await settle();
  await clock.advance(1_000);
  const resumed = racers.map((racer) => racer.take().resumed);
  expect(resumed.filter(([yes]) => yes === true)).toHaveLength(1);
  expect(resumed.filter(([yes]) => yes === false)).toHaveLength(2);
  expect(racers.filter((racer) => racer.memberId === memberId)).toHaveLength(1);
  expect(await gateways[0].members('g')).toHaveLength(3);
  await clock.advance(60_000);
  expect(await gateways[0].members('g')).toHaveLength(3);
  expect(events('leave')).toEqual([]);
});

test('a used token stays good on every gateway until the client has spoken on its new connection, and no longer [R193]', async () => {
  const { clock, a, memberId } = await pair();
  const { token } = a;
  a.goTo(1).connect();
  await clock.settle();
  // Its ready is lost: it knows only the old token, and comes back to the first one.
  a.take().connection.cut();
  a.token = token;
  a.goTo(0).connect();
  await clock.settle();
  expect(a.take().memberId).toBe(memberId);
  a.say('g', 1);
  await clock.settle();
  const newest = a.take().token;
  a.connection.cut();
  a.token = token;
  a.goTo(1).connect();
  await clock.settle();
  expect(a.take().memberId).not.toBe(memberId);
  a.token = newest;
  a.goTo(1).connect();
  await clock.settle();
  expect(a.take().memberId).toBe(memberId);
});

test('a member goes to and fro, and each time only one gateway has it', async () => {
  const { clock, gateways, a, b, memberId, events } = await pair();
  const before = rosterOf(b).joins;
  for (let round = 1; round <= 10; round += 1) {
    if (round % 3 === 0) a.connection.cut();
    a.goTo(round % 2).connect();
    a.say('g', round);
    await clock.advance(700);
    expect(gateways.map((gateway) => gateway.connections().filter((each) => each.memberId === memberId).length)).toEqual(
      round % 2 === 0 ? [1, 0] : [0, 1],
    );
  }
  await clock.advance(60_000);
  expect(a.take().memberId).toBe(memberId);
  expect(b.of('data_update').map(({ payload }) => payload.data)).toEqual(upTo(10));
  expect(rosterOf(b)).toMatchObject({ leaves: [], joins: before });
  expect(events('leave')).toEqual([]);
  expect(events('error')).toEqual([]);
});

test('make before break between two gateways under live traffic: nothing is missing, doubled or out of order, by seq', async () => {
  for (const told of [1, 7, 50]) {
    const { clock, gateways, a, b, memberId } = await pair({ both: () => ({ limits: { socketHighWaterMarkBytes: 600 } }) });
    const seen: number[] = [];
    const collect = (updates: readonly { seq: number }[]) => {
      for (const { seq } of updates) if (seq > (seen.at(-1) ?? 0)) seen.push(seq);
    };
    const first = a.take().connection;
    let published = 0;
    const publish = () => {
      published += 1;
      void (gateways[published % 2] as Gateway).publish('g', `${published} ${'x'.repeat(100)}`);
    };
    for (let n = 0; n < 20; n += 1) publish();
    await clock.settle();
    a.take();
    for (let n = 0; n < told; n += 1) publish();
    a.goTo(1).connect();
    for (let n = 0; n < told; n += 1) publish();
    await clock.settle();
    publish();
    await clock.settle();
    collect(first.updates as never);
    expect(seen.length).toBeGreaterThanOrEqual(20);
    collect(a.connection.updates as never);
    expect(seen).toEqual(upTo(published));
    expect(first.closed).toMatchObject({ code: 4004 });
    expect(a.take()).toMatchObject({ memberId, resumed: [false, true] });
    // The client closes what it has replaced: nobody leaves by that.
    first.close(1000);
    await clock.advance(60_000);
    expect(await gateways[0].members('g')).toHaveLength(2);
    expect(rosterOf(b)).toMatchObject({ leaves: [] });
  }
});

test('a group that it may no longer be in, as the other gateway sees it, is left and said, and everybody sees it', async () => {
  const { clock, gateways, a, b, memberId, events } = await pair({
    each: (_, at) => ({ authorize: ({ action, groupId }) => action !== 'join' || at === 0 || groupId !== 'h' }),
  });
  a.send({ type: 'join', payload: { groupId: 'h' } });
  await clock.advance(500);
  a.take().connection.cut();
  a.goTo(1).connect();
  await clock.advance(500);
  expect(a.take().of('ready').at(-1)?.payload).toMatchObject({ memberId, groups: ['g'] });
  expect(a.of('error')).toMatchObject([{ groupId: 'h', payload: { code: 'FORBIDDEN' } }]);
  expect(await gateways[0].members('h')).toEqual([]);
  expect(events('leave')).toMatchObject([{ at: 1, event: { memberId, groupId: 'h' } }]);
  expect(rosterOf(b)).toMatchObject({ leaves: [] });
  expect(a.logs.get('g')?.syncs.at(-1)?.outcome).toBe('recovered');
});

test('a token is another user’s nothing, on the other gateway too: by principal, and where there is none by claims [R191]', async () => {
  const users = new Map([
    ['ada', { principal: 'ada' }],
    ['eve', { principal: 'eve' }],
    ['claims-ada', { claims: { sub: 'ada', roles: new Set(['x']) } }],
    ['claims-eve', { claims: { sub: 'ada', roles: new Set(['y']) } }],
    ['functions', { claims: { may: () => true } }],
  ]);
  const { clock, gateways } = shareGateways({ both: () => ({ authenticate: ({ token }) => users.get(String(token)) ?? false }) });
  const meet = async (owner: string, thief: string) => {
    const a = new MovingClient(gateways, { token: owner });
    a.connect({ g: {} });
    await clock.settle();
    const { memberId, token } = a.take();
    const eve = new MovingClient(gateways, { token: thief }).goTo(1);
    eve.token = token;
    eve.connect();
    await clock.settle();
    expect(a.connection.closed?.code).toBe(eve.take().memberId === memberId ? 4004 : undefined);
    return eve.memberId === memberId;
  };
  expect(await meet('ada', 'ada')).toBe(true);
  expect(await meet('ada', 'eve')).toBe(false);
  expect(await meet('ada', 'claims-ada')).toBe(false);
  expect(await meet('claims-ada', 'claims-ada')).toBe(true);
  expect(await meet('claims-ada', 'claims-eve')).toBe(false);
  // What cannot be compared is nobody else's.
  expect(await meet('functions', 'functions')).toBe(false);
});

test('a hook of the other gateway keeps the window open, at the first one too', async () => {
  const slow = (clock: { setTimeout(call: () => void, ms: number): unknown }) => ({
    authenticate: () => new Promise<true>((resolve) => clock.setTimeout(() => resolve(true), 8_000)),
    timings: { identifyTimeoutMs: 60_000 },
  });
  const { clock, gateways, a, memberId, events } = await pair({ each: (_, at, clock) => (at === 1 ? slow(clock) : {}) });
  a.connection.cut();
  await clock.advance(14_990);
  a.goTo(1).connect();
  await clock.advance(7_000);
  expect(events('expired')).toEqual([]);
  expect((await gateways[0].members('g')).find((member) => member.memberId === memberId)?.state).toBe('dropped');
  await clock.advance(2_000);
  expect(a.take()).toMatchObject({ memberId, resumed: [false, true] });
  await clock.advance(30_000);
  expect(events('expired')).toEqual([]);
});

test('a resume that comes to nothing, its token being spent meanwhile, does not keep the member longer than its time (FC_SEED=7, run 352)', async () => {
  const { clock, a, memberId, events } = await pair({
    each: (_, at, clock) =>
      at === 0 ? {} : { authorize: () => new Promise((resolve) => clock.setTimeout(() => resolve(true), 500)) },
  });
  const former = a.connection;
  a.goTo(1).connect();
  await clock.advance(100);
  // Renewed twice, so the token is spent that the other one has come with.
  for (let renewals = 0; renewals < 2; renewals += 1) {
    former.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', token: 'ada' } });
    await clock.settle();
  }
  await clock.advance(1_000);
  expect(a.take().resumed).toEqual([false, false]);
  former.cut();
  await clock.advance(17_000);
  expect(events('expired')).toMatchObject([{ at: 0, event: { memberId } }]);
});

test('who does not come back expires at the gateway that it dropped from, once', async () => {
  const { clock, gateways, a, b, memberId, events } = await pair();
  a.connection.cut();
  await clock.advance(14_000);
  expect(events('expired')).toEqual([]);
  await clock.advance(4_000);
  expect(events('expired')).toMatchObject([{ at: 0, event: { memberId } }]);
  expect(rosterOf(b).leaves).toEqual([memberId]);
  a.goTo(1).connect();
  await clock.settle();
  expect(a.take().resumed).toEqual([false, false]);
  expect(gateways[0].stats().droppedMembers).toBe(0);
});

test('whom a gateway revokes, nobody resumes on another [R248]', async () => {
  const { clock, gateways, a, memberId } = await pair();
  expect(gateways[0].revoke({ memberId })).toBe(1);
  a.goTo(1).connect();
  await clock.settle();
  expect(a.take().memberId).not.toBe(memberId);
});

test('what a revoked client still says does not tell the store of its end once more', async () => {
  const { clock, gateways, a, members, memberId } = await pair();
  const ends: string[] = [];
  const end = members.end.bind(members);
  members.end = (id, generation) => {
    ends.push(id);
    return end(id, generation);
  };
  // It has resumed, and not spoken yet: two tokens are good.
  a.connection.cut();
  a.connect();
  await clock.settle();
  expect(a.take().resumed).toEqual([false, true]);
  gateways[0].revoke({ memberId });
  a.send({ type: 'heartbeat', ts: clock.now() });
  await clock.settle();
  // At once, and as it is closed.
  expect(ends).toEqual([memberId, memberId]);
});

test('a tail is of the whole log, also on a gateway that has held the group for no longer than that [R67]', async () => {
  const { clock, gateways, a } = await pair();
  for (const n of upTo(9)) a.say('other', n);
  a.send({ type: 'join', payload: { groupId: 'other' } });
  for (const n of upTo(9)) a.say('other', n);
  await clock.advance(1_000);
  const late = new MovingClient(gateways, { token: 'cyd' }).goTo(1);
  late.connect({ other: { tail: 5 } });
  await clock.advance(1_000);
  expect(late.take().logs.get('other')).toMatchObject({ seen: upTo(5, 5) });
});
