import type { Clock } from 'gateway-core';
import { connectClient } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { delayed, MEMBER_METHODS, never, type Pace, PRESENCE_METHODS, paced } from './support/asynchronous.js';
import { identify } from './support/messages.js';
import { MovingClient, type SharedOptions, shareGateways } from './support/shared-gateways.js';

const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, n) => from + n);

/** Members that were ever seen to leave `g`, by whom was told of its changes. */
function leavers(rosters: readonly string[]): string[] {
  const left: string[] = [];
  let before: string[] = [];
  for (const roster of rosters.filter((each) => each.startsWith('g: '))) {
    const now = roster
      .slice('g: '.length)
      .split(', ')
      .map((member) => member.split(' ')[0] as string);
    left.push(...before.filter((memberId) => !now.includes(memberId)));
    before = now;
  }
  return left;
}

test('a gateway that drains hands its members over: each goes on at the other one, with every message once, and nobody is seen to leave [R251]', async () => {
  const { clock, gateways, rosters, events } = shareGateways();
  const clients = Array.from({ length: 20 }, () => new MovingClient(gateways));
  const stays = new MovingClient(gateways).goTo(1);
  for (const client of [...clients, stays]) client.connect({ g: {} });
  await clock.advance(1_000);
  const ids = clients.map((client) => client.take().memberId);
  let published = 0;
  const closing = gateways[0].close({ graceMs: 10_000 });
  const goesAt = new Map<MovingClient, number>();
  const begun = clock.monotonicMs();
  for (let passed = 0; passed < 11_000; passed += 100) {
    published += 1;
    void gateways[1].publish('g', published);
    await clock.settle();
    for (const client of clients) {
      const [asked] = client.of('reconnect');
      if (asked !== undefined && !goesAt.has(client)) goesAt.set(client, begun + asked.payload.afterMs);
      const isDue = (goesAt.get(client) ?? Number.POSITIVE_INFINITY) <= clock.monotonicMs();
      if (!isDue) continue;
      goesAt.set(client, Number.POSITIVE_INFINITY);
      // Make before break: the first connection is open still, and is replaced.
      const former = client.connection;
      client.take();
      client.goTo(1).connect();
      await clock.settle();
      expect(former.closed?.code).toBe(4202);
    }
    await clock.advance(100);
  }
  await closing;
  await clock.advance(60_000);
  expect(clients.map((client) => client.take().memberId)).toEqual(ids);
  for (const client of [...clients, stays]) {
    const { seen, gaps } = client.take().logs.get('g') ?? {};
    expect([seen, gaps]).toEqual([upTo(published), []]);
  }
  expect(leavers(rosters)).toEqual([]);
  expect(events('moved')).toHaveLength(20);
  expect(await gateways[1].members('g')).toHaveLength(21);
  expect(events('error')).toEqual([]);
});

test('who has not come back when its gateway has closed has its whole window to come back elsewhere; who does not, leaves', async () => {
  const { clock, gateways, rosters, members } = shareGateways();
  const [stays, late, never] = [new MovingClient(gateways).goTo(1), new MovingClient(gateways), new MovingClient(gateways)];
  for (const client of [stays, late, never]) client.connect({ g: {} });
  const one = connectClient(gateways[0]);
  one.send(identify('g'));
  await clock.advance(1_000);
  for (const client of [stays, late, never]) client.take();
  const { memberId } = late;
  const closing = gateways[0].close({ graceMs: 1_000 });
  await clock.advance(2_000);
  await closing;
  expect(late.take().connection.closed?.code).toBe(4202);
  // Nobody can come back of dialect 1.
  expect(await gateways[1].members('g')).toMatchObject([{ state: 'connected' }, { state: 'dropped' }, { state: 'dropped' }]);
  void gateways[1].publish('g', 1);
  await clock.advance(12_500);
  late.goTo(1).connect();
  await clock.advance(1_000);
  expect(late.take()).toMatchObject({ memberId, resumed: [false, true] });
  expect(late.logs.get('g')).toMatchObject({ seen: [1] });
  await clock.advance(60_000);
  expect((await gateways[1].members('g')).map((member) => member.memberId)).toEqual([stays.memberId, memberId]);
  expect(leavers(rosters).filter((left) => [stays.memberId, memberId].includes(left))).toEqual([]);
  expect(members.find(never.take().memberId as string, 'any', 0)).toBeUndefined();
  never.goTo(1).connect();
  await clock.advance(1_000);
  expect(never.take().resumed).toEqual([false, false]);
});

test.each<[string, boolean, (clock: Clock) => Pace]>([
  ['is under way', false, (clock) => delayed(clock, 500)],
  ['has failed', true, () => ({ before: () => Promise.reject(new Error('the store is away')) })],
])(
  'who drops with its gateway while what the store is told of it %s can come back elsewhere, as it was',
  async (_what, dropsBefore, pace) => {
    /** Calls that the store is away for: that of the join, and that of the drop. */
    let away = 0;
    const isAway = () => {
      away -= 1;
      return away >= 0;
    };
    const { clock, gateways } = shareGateways({
      each: ({ members }, at, fake) => (at === 1 ? {} : { members: paced(members, ['put'], pace(fake), { when: isAway }) }),
    });
    const client = new MovingClient(gateways);
    client.connect({ g: {} });
    await clock.advance(1_000);
    const { memberId } = client.take();
    away = 2;
    client.send({ type: 'join', payload: { groupId: 'h' } });
    await clock.advance(100);
    if (dropsBefore) client.connection.close(1006);
    await clock.settle();
    const closing = gateways[0].close({ graceMs: 0 });
    await clock.advance(3_000);
    await closing;
    client.goTo(1).connect();
    await clock.advance(1_000);
    expect(client.take()).toMatchObject({ memberId, resumed: [false, true] });
    for (const groupId of ['g', 'h'])
      expect((await gateways[1].members(groupId)).map((member) => member.memberId)).toEqual([memberId]);
  },
);

/** The first gateway loses its stores, in both directions, while `isDead`. */
function mortal(): { options: SharedOptions; kill: (isDead: boolean) => void } {
  let isDead = false;
  const when = () => isDead;
  const options: SharedOptions = {
    each: (shared, at) =>
      at === 1
        ? {}
        : {
            presence: paced(shared.presence, PRESENCE_METHODS, never, { when }),
            members: paced(shared.members, MEMBER_METHODS, never, { when }),
          },
  };
  return {
    options,
    kill: (dead) => {
      isDead = dead;
    },
  };
}

test.each([
  ['before it is taken for dead', 3_000, true, 0],
  ['when it was taken for dead', 20_000, true, 1],
  ['in the last moment', 26_000, true, 1],
  ['when its window is over too', 40_000, false, 1],
])('the gateway of a client dies, and the client comes to another one %s [R249]', async (_when, afterMs, isResumed, leaves) => {
  const { options, kill } = mortal();
  const { clock, gateways, rosters } = shareGateways(options);
  const [a, b] = [new MovingClient(gateways), new MovingClient(gateways).goTo(1)];
  for (const client of [a, b]) client.connect({ g: {} });
  await clock.advance(500);
  const { memberId } = a.take();
  b.take();
  kill(true);
  a.connection.vanish();
  for (let passed = 0; passed < afterMs; passed += 1_000) {
    void gateways[1].publish('g', passed);
    await clock.advance(1_000);
  }
  a.goTo(1).connect();
  await clock.advance(1_000);
  expect(a.take().resumed).toEqual([false, isResumed]);
  expect(a.memberId === memberId).toBe(isResumed);
  expect(a.logs.get('g')?.seen).toEqual(upTo(afterMs / 1_000));
  expect(leavers(rosters).filter((left) => left === memberId)).toHaveLength(leaves);
  expect((await gateways[1].members('g')).map((member) => member.memberId).sort()).toEqual([a.memberId, b.memberId].sort());
  // It was only held up: it is told by what it is answered.
  kill(false);
  await clock.advance(60_000);
  expect(gateways[0].connections()).toEqual([]);
  expect(gateways[0].stats().droppedMembers).toBe(0);
  expect((await gateways[1].members('g')).map((member) => member.memberId).sort()).toEqual([a.memberId, b.memberId].sort());
});

test('a gateway that was only held up, longer than its lease, has its members back', async () => {
  const { options, kill } = mortal();
  const { clock, gateways } = shareGateways(options);
  const [a, b] = [new MovingClient(gateways), new MovingClient(gateways).goTo(1)];
  for (const client of [a, b]) client.connect({ g: {} });
  await clock.advance(500);
  const { memberId } = a.take();
  kill(true);
  await clock.advance(60_000);
  expect(await gateways[1].members('g')).toHaveLength(1);
  kill(false);
  await clock.advance(40_000);
  expect(await gateways[1].members('g')).toHaveLength(2);
  a.goTo(1).connect();
  await clock.advance(1_000);
  expect(a.take()).toMatchObject({ memberId, resumed: [false, true] });
  expect(await gateways[1].members('g')).toHaveLength(2);
});

test('a gateway that dies as soon as it has taken a member over leaves nothing of it in presence', async () => {
  let isDead = false;
  const when = () => isDead;
  const { clock, gateways, presence } = shareGateways({
    each: ({ members, presence }, at) =>
      at === 1
        ? {}
        : {
            presence: paced(presence, [...PRESENCE_METHODS], never, { when }),
            members: paced(members, ['put', 'find', 'end', 'expire', 'touch'], never, { when }),
          },
  });
  const [a, b] = [new MovingClient(gateways).goTo(1), new MovingClient(gateways).goTo(1)];
  for (const client of [a, b]) client.connect({ g: {} });
  await clock.advance(500);
  const former = a.take().connection;
  gateways[0].on('identify', () => {
    isDead = true;
  });
  a.goTo(0).connect();
  await clock.advance(1_000);
  expect(former.closed?.code).toBe(4004);
  expect(presence.list('g')).toHaveLength(2);
  await clock.advance(30_000);
  expect(presence.list('g').map(({ memberId }) => memberId)).toEqual([b.take().memberId]);
});
