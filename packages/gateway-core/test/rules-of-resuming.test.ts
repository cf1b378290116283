import { type Clock, MemoryBroker, MemoryMemberStore, MemoryPresenceStore } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, n) => from + n);

/** A client of dialect 2 in no group, and a group with a log of five messages that reaches back to the second. */
async function withLog() {
  const world = setUp({ limits: { logMessagesMax: 4 }, broker: Object.assign(new MemoryBroker(), { retainsHistory: false }) });
  const witness = new ResumingClient(world.gateway);
  witness.connect({ g: {} });
  await world.clock.settle();
  for (const n of upTo(5)) await world.gateway.publish('g', n);
  await world.clock.settle();
  const { epoch } = await world.gateway.position('g');
  const client = new ResumingClient(world.gateway);
  return { ...world, client, epoch };
}

describe('what is asked for of a log, by a join and by an identify', () => {
  test.each<[asked: string, since: object, outcome: [string, string | undefined], seen: number[]]>([
    ['a position', { seq: 3 }, ['recovered', undefined], [4, 5]],
    ['the position before its first message', { seq: 1 }, ['recovered', undefined], [2, 3, 4, 5]],
    ['a position that it does not reach', { seq: 0 }, ['reset', 'trimmed'], []],
    ['a tail', { tail: 2 }, ['live', undefined], [4, 5]],
    ['a tail that is longer than it', { tail: 100 }, ['live', undefined], [2, 3, 4, 5]],
    ['a position and a tail', { seq: 4, tail: 3 }, ['recovered', undefined], [5]],
    ['a position that it does not reach and a tail', { seq: 0, tail: 3 }, ['reset', 'trimmed'], [3, 4, 5]],
    ['nothing', {}, ['live', undefined], []],
  ])('%s [R66] [R67] [R68] [R70] [R89] [R90] [R91] [R97] [R98] [R184]', async (_asked, since, [outcome, reason], seen) => {
    for (const way of ['join', 'identify']) {
      const { clock, gateway, client, epoch } = await withLog();
      const asked = 'seq' in since ? { epoch, ...since } : since;
      client.connect(way === 'join' ? {} : { g: asked });
      await clock.settle();
      if (way === 'join') {
        const nothing = Object.keys(asked).length === 0;
        client.send({ type: 'join', id: 'j', payload: { groupId: 'g', since: nothing ? undefined : asked } });
      }
      await clock.settle();
      await gateway.publish('g', 6);
      await clock.settle();
      const order = client.of('data_update').map(({ seq }) => seq);
      expect(order, way).toEqual([...seen, 6]);
      const after = client.take().received.map(({ type }) => type);
      expect(
        after.lastIndexOf('data_update') - after.indexOf('sync'),
        `${way}: everything replayed before its sync`,
      ).toBeGreaterThan(0);
      expect(after.slice(0, after.indexOf('sync')).filter((type) => type === 'data_update')).toHaveLength(seen.length);
      expect(client.of('sync')[0]?.payload).toMatchObject({ epoch, seq: 5, outcome, replayed: seen.length });
      expect(client.of('sync')[0]?.payload.reason).toBe(reason);
      expect(client.of('ack')).toHaveLength(way === 'join' ? 1 : 0);
    }
  });
});

describe('a second identify of dialect 2', () => {
  async function pair(authenticate = ({ token }: { token?: string }) => ({ principal: 'ada', expiresAt: Number(token) })) {
    const world = setUp({ authenticate });
    const soon = world.clock.now() + 60_000;
    const [a, b] = [
      new ResumingClient(world.gateway, { token: `${soon}` }),
      new ResumingClient(world.gateway, { token: `${soon}` }),
    ];
    for (const client of [a, b]) client.connect({ g: {} });
    await world.clock.advance(1_000);
    for (const client of [a, b]) client.take();
    const renew = (expiresAt: number, payload: object = {}) =>
      a.send({
        type: 'identify',
        id: 'again',
        version: '2',
        payload: { clientType: 'app-client', token: `${expiresAt}`, ...payload },
      });
    return { ...world, a, b, soon, renew };
  }

  test('says the new end of the credentials, and the others see no change [R50] [R52]', async () => {
    const { clock, a, b, join, soon, renew } = await pair();
    const one = await join('g', { token: `${soon}` });
    await clock.advance(1_000);
    const [before, beforeOne, token] = [b.take().received.length, one.received.length, a.token];
    renew(soon + 5_000);
    await clock.advance(1_000);
    const { memberId } = a;
    expect(a.of('ready').at(-1)?.payload).toMatchObject({ expiresAt: soon + 5_000, resumed: true, memberId });
    expect(a.token).not.toBe(token);
    expect(b.take().received.slice(before)).toEqual([]);
    expect(one.received.slice(beforeOne)).toEqual([]);
  });

  test('leaves no group, and joins the one that it names beside the others [R51]', async () => {
    const { clock, gateway, a, soon, renew } = await pair();
    renew(soon, { groupId: 'h' });
    await clock.settle();
    expect(a.of('ready').at(-1)?.payload.groups).toEqual(['g', 'h']);
    expect(a.of('sync').map(({ groupId }) => groupId)).toEqual(['g', 'h']);
    for (const groupId of ['g', 'h']) await gateway.publish(groupId, groupId);
    await clock.settle();
    expect(a.of('data_update').map(({ payload }) => payload.data)).toEqual(['g', 'h']);
  });

  test('that is refused changes nothing: who it is, where it is, and with which token it comes back [R54]', async () => {
    let fails = false;
    const { clock, gateway, a, soon, renew } = await pair(({ token }) => {
      if (fails) throw new Error('no database');
      return { principal: 'ada', expiresAt: Number(token) };
    });
    const { memberId } = a;
    fails = true;
    renew(soon + 5_000, { clientType: 'dashboard', groupId: 'h' });
    await clock.settle();
    expect(a.of('error')).toMatchObject([{ payload: { code: 'INTERNAL', inReplyTo: 'again' } }]);
    expect(a.of('ready')).toHaveLength(2);
    expect(gateway.connections()[0]).toMatchObject({ memberId, role: 'app-client', groups: ['g'] });
    fails = false;
    a.connection.cut();
    a.connect();
    await clock.settle();
    expect(a.take().memberId).toBe(memberId);
  });
});

test('ready has no expiresAt where the credentials do not expire [R85]', async () => {
  const { clock, gateway } = setUp();
  const a = new ResumingClient(gateway);
  a.connect({ g: {} });
  await clock.settle();
  expect(a.of('ready').at(-1)?.payload).not.toHaveProperty('expiresAt');
});

test.each([
  [1000, 'gone'],
  [1005, 'gone'],
  [1001, 'dropped'],
  [1006, 'dropped'],
  [1011, 'dropped'],
  [4999, 'dropped'],
])('after a close with %i a member of dialect 2 is %s [R174] [R175] [R177] [R179]', async (code, state) => {
  const { clock, gateway, events } = setUp();
  const a = new ResumingClient(gateway);
  a.connect({ g: {} });
  await clock.settle();
  a.connection.close(code);
  await clock.settle();
  expect(gateway.stats().droppedMembers).toBe(state === 'dropped' ? 1 : 0);
  expect(events('leave')).toHaveLength(state === 'dropped' ? 0 : 1);
});

test('for a member of dialect 2 a drain is a drop [R105]', async () => {
  const { clock, gateway, events } = setUp();
  const a = new ResumingClient(gateway);
  const b = new ResumingClient(gateway);
  for (const client of [a, b]) client.connect({ g: {} });
  await clock.settle();
  // One that never answers its close frame, so that the gateway is there for longer.
  b.connection.vanish();
  void gateway.close({ graceMs: 60_000 });
  await clock.advance(20_000);
  expect(a.connection.closed?.code).toBe(4202);
  expect(events('detached').map(({ memberId }) => memberId)).toContain(a.take().memberId);
});

test('the token of a ready takes the place of every earlier one, but for the one that the client came with [R84]', async () => {
  const { clock, gateway } = setUp();
  const a = new ResumingClient(gateway);
  a.connect({ g: {} });
  await clock.settle();
  const tokens = [a.take().token];
  // Two readies are lost, each with a token of its own: it comes back with the first.
  for (let n = 0; n < 2; n += 1) {
    a.connection.cut();
    a.token = tokens[0];
    a.connect();
    await clock.settle();
    tokens.push(a.take().token);
  }
  const { memberId } = a;
  for (const [n, resumed] of [
    [1, false],
    [0, true],
  ] as const) {
    const b = new ResumingClient(gateway);
    b.token = tokens[n];
    b.connect();
    await clock.settle();
    expect(b.take().resumed, `token ${n}`).toEqual([resumed]);
    expect(b.memberId === memberId).toBe(resumed);
  }
});

test('a token is kept as its hash alone, and is in no event and no log line [R190]', async () => {
  const lines: unknown[] = [];
  const line = (...said: unknown[]) => void lines.push(said);
  const asked: unknown[] = [];
  const store = (clock: Clock) =>
    new Proxy(new MemoryMemberStore({ clock }), {
      get: (target, name) => {
        const method = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => {
          asked.push([name, ...args]);
          return method.apply(target, args);
        };
      },
    });
  const { clock, gateway, recorded } = setUp((fake) => ({
    logger: { debug: line, info: line, warn: line, error: line },
    members: store(fake),
    broker: new MemoryBroker(),
    presence: new MemoryPresenceStore({ clock: fake }),
  }));
  const a = new ResumingClient(gateway);
  a.connect({ g: {} });
  await clock.settle();
  const tokens = [a.take().token];
  const former = a.memberId;
  a.connection.cut();
  a.connect();
  await clock.settle();
  tokens.push(a.take().token, 'x'.repeat(24));
  a.connection.cut();
  a.token = tokens[2];
  a.connect();
  await clock.settle();
  expect(a.take().resumed).toEqual([false, true, false]);
  expect(asked).toContainEqual(['takeOver', former, expect.any(String), expect.anything()]);
  const said = JSON.stringify([asked, lines, recorded, gateway.connections(), await gateway.members('g')]);
  for (const token of tokens) expect(said).not.toContain(token?.split('.').at(-1));
});
