import type { GatewayOptions, MemberStore, StoredMember } from 'gateway-core';
import type { FakeClock } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import {
  delayed,
  late,
  MEMBER_METHODS,
  never,
  nextTurn,
  type Pace,
  PRESENCE_METHODS,
  paced,
  unanswered,
  waitOn,
} from './support/asynchronous.js';
import { MovingClient, type SharedOptions, shareGateways } from './support/shared-gateways.js';

const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, n) => from + n);
const failing: Pace = { before: () => Promise.reject(new Error('no store')) };

/** A fault of one method of the first or the second gateway's member store, while it is switched on. */
function fault(at: number, method: keyof MemberStore, pace: (clock: never) => Pace | 'throws') {
  let isOn = false;
  const options: SharedOptions = {
    each: ({ members }, which, clock) => {
      if (which !== at) return {};
      const kind = pace(clock as never);
      if (kind !== 'throws') return { members: paced(members, [method], kind, { when: () => isOn }) };
      const throws = paced(members, [], {});
      const thrower = new Proxy(throws, {
        get: (target, name) => {
          const call = Reflect.get(target, name, target) as (...args: unknown[]) => unknown;
          if (name !== method) return call;
          return (...args: unknown[]) => {
            if (isOn) throw new Error('no store');
            return call(...args);
          };
        },
      });
      return { members: thrower };
    },
  };
  return {
    options,
    turn: (on: boolean) => {
      isOn = on;
    },
  };
}

/** Lets time pass, and after it what needs many turns and no time. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  await clock.advance(ms);
  for (let n = 0; n < 10; n += 1) await clock.settle();
}

/** A client at the first gateway and one at the second, in `g`. */
async function pair(options: SharedOptions) {
  const world = shareGateways(options);
  const [a, b] = [new MovingClient(world.gateways), new MovingClient(world.gateways).goTo(1)];
  for (const client of [a, b]) client.connect({ g: {} });
  await pass(world.clock, 2_000);
  for (const client of [a, b]) client.take();
  const idsIn = (groupId: string) => world.presence.list(groupId).map(({ memberId }) => memberId);
  const errors = () => world.events('error').map(({ event }) => event.where);
  return { ...world, a, b, memberId: a.memberId as string, idsIn, errors };
}

describe.each<[string, (clock: never) => Pace]>([
  ['in the next turn', () => nextTurn],
  ['after 50 ms', (clock) => delayed(clock, 50)],
])('stores that answer %s', (_name, pace) => {
  const options: SharedOptions = {
    each: ({ members, presence }, _, clock) => ({
      members: paced(members, [...MEMBER_METHODS], pace(clock as never)),
      presence: paced(presence, [...PRESENCE_METHODS], pace(clock as never)),
    }),
  };

  test('a client goes to and fro, also while its gateway is told of its drop, and nobody sees it leave', async () => {
    const { clock, gateways, a, b, memberId, events, errors, rosters, presence } = await pair(options);
    for (let round = 1; round <= 12; round += 1) {
      if (round % 3 !== 0) a.connection.cut();
      a.goTo(round % 2).connect();
      void gateways[round % 2]?.publish('g', round);
      await pass(clock, 900);
      a.say('g', `from ${round}`);
      await pass(clock, 100);
      expect(a.take().memberId, `round ${round}`).toBe(memberId);
    }
    await pass(clock, 60_000);
    expect(b.take().logs.get('g')?.seen).toEqual(upTo(24));
    expect(a.take().logs.get('g')?.seen).toEqual(upTo(24));
    expect(events('leave')).toEqual([]);
    expect(errors()).toEqual([]);
    const seen = rosters.filter((roster) => roster.startsWith('g:'));
    const since = seen.slice(seen.findIndex((roster) => roster.includes(memberId)));
    expect(since.filter((roster) => !roster.includes(memberId))).toEqual([]);
    expect(presence.list('g').map(({ state }) => state)).toEqual(['connected', 'connected']);
  });

  test('a member that comes back to its own gateway, and joins on its earlier connection at that very moment, stays the one that it was', async () => {
    for (let lead = 0; lead <= 300; lead += 10) {
      const { clock, a, memberId, errors, events, idsIn } = await pair(options);
      const former = a.connection;
      a.connect();
      await clock.advance(lead);
      former.send({ type: 'join', payload: { groupId: 'h' } });
      await pass(clock, 2_000);
      expect(a.take(), `after ${lead}`).toMatchObject({ memberId, resumed: [false, true] });
      expect(a.connection.closed, `after ${lead}`).toBeUndefined();
      expect(events('moved')).toEqual([]);
      expect(errors()).toEqual([]);
      const inH = idsIn('h');
      a.goTo(1).connect();
      await pass(clock, 2_000);
      expect(a.take().resumed.at(-1)).toBe(true);
      expect(a.of('ready').at(-1)?.payload.groups.includes('h'), `after ${lead}`).toBe(inH.length === 1);
    }
  });

  test('of many resumes at once, at both gateways, one has the member', async () => {
    const { clock, gateways, a, memberId, idsIn, events } = await pair(options);
    a.connection.cut();
    const racers = Array.from({ length: 10 }, (_, n) => new MovingClient(gateways).goTo(n % 2));
    for (const racer of racers) {
      racer.token = a.token;
      racer.connect({ g: {} });
    }
    await pass(clock, 5_000);
    expect(racers.filter((racer) => racer.take().resumed[0] === true)).toHaveLength(1);
    await pass(clock, 60_000);
    const open = racers.filter(({ connection }) => connection.closed === undefined);
    expect(open).toHaveLength(10);
    expect(idsIn('g').sort()).toEqual([...new Set([...open.map((racer) => racer.memberId), ...idsIn('g')])].sort());
    expect(idsIn('g').filter((id) => id === memberId)).toHaveLength(1);
    expect(idsIn('g')).toHaveLength(11);
    expect(events('leave')).toEqual([]);
  });

  test('a client that goes in the very step in which its resume is made good can come back', async () => {
    for (let steps = 0; steps <= 40; steps += 1) {
      const { clock, a, memberId, idsIn, b, errors } = await pair(options);
      const former = a.connection;
      a.goTo(1).connect();
      for (let n = 0; n < steps; n += 1) await (n % 2 === 0 ? clock.advance(10) : Promise.resolve());
      a.take().connection.cut();
      await pass(clock, 1_000);
      if (steps % 4 === 3) {
        // It does not: then it is dropped somewhere, and its time runs.
        former.cut();
        await pass(clock, 40_000);
        expect(idsIn('g'), `after ${steps}`).toEqual([b.memberId]);
        continue;
      }
      a.goTo(steps % 2).connect();
      await pass(clock, 1_000);
      expect(a.take().memberId, `after ${steps}`).toBe(memberId);
      a.connection.close(1000);
      await pass(clock, 20_000);
      expect(idsIn('g'), `after ${steps}`).toEqual([b.memberId]);
      expect(errors()).toEqual([]);
    }
  });
});

describe.each<['find' | 'takeOver', string, (clock: never) => Pace | 'throws', boolean]>([
  ['find', 'throws', () => 'throws', false],
  ['find', 'fails', () => failing, false],
  ['find', 'never answers', () => never, false],
  ['takeOver', 'throws', () => 'throws', false],
  ['takeOver', 'fails', () => failing, false],
  ['takeOver', 'never takes effect, nor answers', () => never, false],
  ['takeOver', 'takes effect and does not answer', () => unanswered, true],
  ['takeOver', 'takes effect and answers too late', (clock) => late(clock, 15_000), true],
])('%s %s', (method, _what, pace, tookEffect) => {
  test('a client that comes from another gateway is a new member, is told no error, and what it was leaves [R250]', async () => {
    const { options, turn } = fault(1, method, pace);
    const { clock, a, b, memberId, idsIn, errors, events, members } = await pair(options);
    a.connection.cut();
    turn(true);
    a.goTo(1).connect();
    await clock.advance(11_000);
    turn(false);
    expect(a.take().resumed).toEqual([false, false]);
    expect(a.of('error')).toEqual([]);
    expect(errors()).toEqual([`members.${method}`]);
    await clock.advance(30_000);
    expect(idsIn('g').sort()).toEqual([a.memberId, b.memberId].sort());
    // Where the first gateway still had it, its time ended there.
    expect(events('expired').map(({ event }) => event.memberId)).toEqual(tookEffect ? [] : [memberId]);
    expect(members.end(memberId, 2), 'it is kept in the generation that nobody has a token of').toBe(false);
    // The new one can be resumed.
    const { memberId: next } = a;
    a.goTo(0).connect();
    await clock.advance(1_000);
    expect(a.take().memberId).toBe(next);
  });

  test('a client that comes back to its own gateway is a new member, and what it was leaves', async () => {
    const { options, turn } = fault(0, method, pace);
    const { clock, a, b, idsIn, errors } = await pair(options);
    a.connection.vanish();
    turn(true);
    a.connect();
    await clock.advance(11_000);
    turn(false);
    expect(a.take().resumed).toEqual([false, false]);
    expect(a.of('error')).toEqual([]);
    expect(errors()).toEqual([`members.${method}`]);
    await clock.advance(60_000);
    expect(idsIn('g').sort()).toEqual([a.memberId, b.memberId].sort());
  });
});

test.each<[string, (clock: never) => Pace]>([
  ['is not answered', () => unanswered],
  ['is answered too late', (clock) => late(clock, 15_000)],
])(
  'a takeover that %s ends the member: its earlier connection, though it stands, is closed, and it leaves at once',
  async (_what, pace) => {
    const { options, turn } = fault(0, 'takeOver', pace);
    const { clock, a, b, memberId, idsIn, events } = await pair(options);
    const former = a.connection;
    turn(true);
    a.connect();
    await clock.advance(11_000);
    turn(false);
    expect(former.closed?.code).toBe(4004);
    expect(events('leave')).toMatchObject([{ at: 0, event: { memberId, groupId: 'g' } }]);
    expect(idsIn('g').sort()).toEqual([a.take().memberId, b.memberId].sort());
  },
);

test.each([
  ['another gateway', 1],
  ['its own gateway', 0],
])(
  'a resume at %s that the store never heard of ends nobody who has resumed since with the same token [R250]',
  async (_where, at) => {
    const { options, turn } = fault(at, 'takeOver', () => never);
    const { clock, a, b, memberId, idsIn } = await pair(options);
    a.connection.cut();
    turn(true);
    a.goTo(at).connect();
    await clock.advance(1_000);
    a.connection.cut();
    turn(false);
    a.goTo(0).connect();
    await clock.advance(1_000);
    expect(a.take()).toMatchObject({ memberId, resumed: [false, true] });
    await clock.advance(15_000);
    expect(a.connection.closed).toBeUndefined();
    expect(idsIn('g').sort()).toEqual([memberId, b.memberId].sort());
    a.connection.cut();
    a.goTo(1).connect();
    await clock.advance(1_000);
    expect(a.take()).toMatchObject({ memberId });
  },
);

describe.each<[string, (clock: never) => Pace | 'throws']>([
  ['throws', () => 'throws'],
  ['fails', () => failing],
  ['never answers', () => never],
  ['takes effect and does not answer', () => unanswered],
  ['answers too late', (clock) => late(clock, 15_000)],
])('a call that %s', (_what, pace) => {
  test('of put is made good, and reported once: who joined and dropped meanwhile comes back elsewhere, in all its groups', async () => {
    const { options, turn } = fault(0, 'put', pace);
    const { clock, gateways, a, b, memberId, errors } = await pair(options);
    turn(true);
    a.send({ type: 'join', payload: { groupId: 'h' } });
    const fresh = new MovingClient(gateways);
    fresh.connect({ g: {} });
    await clock.advance(8_000);
    a.connection.cut();
    await clock.advance(1_000);
    turn(false);
    await clock.advance(9_000);
    expect(new Set(errors())).toEqual(new Set(errors().length > 0 ? ['members.put'] : []));
    expect(errors().length).toBeLessThanOrEqual(1);
    for (const client of [a, fresh]) client.take().goTo(1).connect();
    await clock.advance(1_000);
    expect(a.take()).toMatchObject({ memberId, resumed: [false, true] });
    expect(a.of('ready').at(-1)?.payload.groups.sort()).toEqual(['g', 'h']);
    expect(fresh.take().resumed).toEqual([false, true]);
    expect(b.take().of('error')).toEqual([]);
  });

  test('of end is made good: whoever has gone is nobody', async () => {
    const { options, turn } = fault(0, 'end', pace);
    const { clock, a, memberId, members } = await pair(options);
    const { token } = a;
    turn(true);
    a.connection.close(1000);
    await clock.advance(12_000);
    turn(false);
    await clock.advance(60_000);
    a.token = token;
    a.goTo(1).connect();
    await clock.advance(1_000);
    expect(a.take().memberId).not.toBe(memberId);
    expect(members.expire(memberId, 1)).toBe('expired');
  });

  test('of expire ends nobody before its time, and nobody twice', async () => {
    const { options, turn } = fault(0, 'expire', pace);
    const { clock, a, b, memberId, idsIn, events } = await pair(options);
    turn(true);
    a.connection.cut();
    await clock.advance(27_000);
    turn(false);
    await clock.advance(30_000);
    expect(events('expired')).toMatchObject([{ at: 0, event: { memberId } }]);
    expect(idsIn('g')).toEqual([b.memberId]);
  });

  test('of touch costs no member of a gateway that is alive but its presence', async () => {
    const { options, turn } = fault(0, 'touch', pace);
    const { clock, a, memberId } = await pair(options);
    turn(true);
    await clock.advance(40_000);
    turn(false);
    await clock.advance(20_000);
    a.goTo(1).connect();
    await clock.advance(1_000);
    expect(a.take()).toMatchObject({ memberId, resumed: [false, true] });
  });
});

test('where no end can be told, a gateway is another node: what it had under its old id goes with its lease', async () => {
  const { options, turn } = fault(0, 'end', () => failing);
  const world = shareGateways({ ...options, both: () => ({ limits: { droppedMembersMax: 3 } }) });
  const { clock, gateways, members } = world;
  const clients = Array.from({ length: 8 }, () => new MovingClient(gateways));
  for (const client of clients) client.connect({ g: {} });
  await clock.advance(1_000);
  const [stays, ...gone] = clients.map((client) => client.take()) as [MovingClient, ...MovingClient[]];
  turn(true);
  for (const client of gone) client.connection.close(1000);
  await clock.advance(60_000);
  turn(false);
  for (const { memberId } of gone) expect(members.expire(memberId as string, 1)).toBe('expired');
  const { memberId } = stays;
  stays.goTo(1).connect();
  await clock.advance(1_000);
  expect(stays.take()).toMatchObject({ memberId, resumed: [false, true] });
});

test('what a store is told too late of a member that has moved on, and gone, leaves nothing behind', async () => {
  const { clock, gateways, a, b, memberId, idsIn, members } = await pair({
    each: ({ members }, at, clock) => (at === 0 ? { members: paced(members, ['put'], delayed(clock, 50)) } : {}),
  });
  // Its drop is on its way to the store when it is taken over, and ends there.
  a.connection.cut();
  a.goTo(1).connect();
  await clock.settle();
  expect(a.take()).toMatchObject({ memberId, resumed: [false, true] });
  a.connection.close(1000);
  await clock.advance(60_000);
  expect(idsIn('g')).toEqual([b.memberId]);
  expect(members.end(memberId, 1), 'there is one').toBe(false);
  expect(gateways.map((gateway) => gateway.stats().droppedMembers)).toEqual([0, 0]);
});

test('a takeover that is answered late, after what was said of the member since, is a takeover', async () => {
  const { clock, a, memberId, events, idsIn } = await pair({
    each: ({ members }, _, clock) => ({ members: paced(members, ['takeOver'], late(clock, 3_000)) }),
  });
  const former = a.connection;
  a.connect();
  await clock.settle();
  former.send({ type: 'join', payload: { groupId: 'h' } });
  await clock.advance(4_000);
  expect(a.take()).toMatchObject({ memberId, resumed: [false, true] });
  expect(a.of('ready').at(-1)?.payload.groups).toEqual(['g', 'h']);
  expect(events('moved')).toEqual([]);
  expect(idsIn('h')).toEqual([memberId]);
});

test('who renews, drops and comes back faster than the store is told of the newest token is the same member', async () => {
  const { clock, a, memberId } = await pair({
    each: ({ members }, _, clock) => ({ members: paced(members, ['put'], delayed(clock, 50)) }),
  });
  a.send({ type: 'join', payload: { groupId: 'h' } });
  await clock.advance(10);
  a.send({ type: 'identify', version: '2', payload: { clientType: 'app-client' } });
  await clock.advance(10);
  a.take().connection.cut();
  a.connect();
  await clock.advance(1_000);
  expect(a.take()).toMatchObject({ memberId, resumed: [false, true, true] });
});

test('what a store could not be told is told again by 16 calls at once', async () => {
  let mode: 'well' | 'failing' | 'slow' = 'well';
  const calls = { pending: 0 };
  let most = 0;
  const { clock, gateways } = shareGateways({
    each: ({ members }, _, fake) => {
      const slow: Pace = {
        before: () => {
          most = Math.max(most, calls.pending);
          return waitOn(fake, 500)();
        },
      };
      const slowly = paced(members, ['put'], slow, { calls, when: () => mode === 'slow' });
      return { members: paced(slowly, ['put'], failing, { when: () => mode === 'failing' }) };
    },
  });
  const clients = Array.from({ length: 40 }, () => new MovingClient(gateways));
  for (const client of clients) client.connect({ g: {} });
  await clock.advance(1_000);
  mode = 'failing';
  for (const client of clients) client.send({ type: 'join', payload: { groupId: 'h' } });
  await clock.advance(100);
  mode = 'slow';
  await clock.advance(10_000);
  expect(most).toBe(16);
  mode = 'well';
  for (const client of clients) client.take().goTo(1).connect();
  await clock.advance(1_000);
  for (const client of clients) expect(client.of('ready').at(-1)?.payload.groups.sort()).toEqual(['g', 'h']);
});

describe('a store that cannot be told of members for a while', () => {
  /** Two gateways, and the puts of the first: which fail while that is switched on. */
  function withPuts(limits: GatewayOptions['limits'] = {}) {
    const puts: { at: number; nodeId: string }[] = [];
    let fails = false;
    const world = shareGateways({
      both: () => ({ limits }),
      each: ({ members }, at, clock) => {
        const put = (member: StoredMember) => {
          if (fails) throw new Error('no store');
          puts.push({ at: clock.now(), nodeId: member.nodeId });
          return members.put(member);
        };
        const plain = paced(members, [], {});
        const get = (target: MemberStore, name: string | symbol) => (name === 'put' ? put : Reflect.get(target, name));
        return at === 0 ? { members: new Proxy(plain, { get }) } : {};
      },
    });
    const come = (count: number) => {
      const clients = Array.from({ length: count }, () => new MovingClient(world.gateways));
      for (const client of clients) client.connect({ g: {} });
      return clients;
    };
    const turn = (on: boolean) => {
      fails = on;
    };
    return { ...world, puts, come, turn };
  }

  test('is told again by 500 calls a sweep, where it answers at once', async () => {
    const { clock, puts, come, turn } = withPuts();
    turn(true);
    come(700);
    await clock.advance(5_000);
    expect(puts).toEqual([]);
    turn(false);
    await clock.advance(10_000);
    const times = [...new Set(puts.map(({ at }) => at))];
    expect(times.map((time) => puts.filter(({ at }) => at === time).length)).toEqual([500, 200]);
  });

  test('has them under the same node id afterwards, however many they are: only ends are too many to remember', async () => {
    const { clock, puts, come, turn } = withPuts({ droppedMembersMax: 3 });
    come(1);
    await clock.advance(1_000);
    turn(true);
    const clients = come(8);
    await clock.advance(5_000);
    turn(false);
    await clock.advance(10_000);
    expect(puts).toHaveLength(9);
    expect(new Set(puts.map(({ nodeId }) => nodeId)).size).toBe(1);
    for (const client of clients) client.take().goTo(1).connect();
    await clock.advance(1_000);
    for (const client of clients) expect(client.take().resumed).toEqual([false, true]);
  });
});
