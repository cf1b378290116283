import type { Update } from 'gateway-client';
import { createGateway, MemoryBroker } from 'gateway-core';
import type { MemoryWebSocket } from 'gateway-core/testing';
import type { Since } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { outcomeOf, World } from './support.js';

test('[B49] a listener that is added in the turn of join misses nothing', async () => {
  const world = new World();
  const client = await world.online();
  for (let count = 0; count < 3; count += 1) await world.gateway.publish('g', count);
  const group = client.join('g', { since: { tail: 10 } });
  const heard: unknown[] = [];
  group.on('message', ({ data, replayed }) => heard.push([data, replayed]));
  group.on('sync', ({ outcome, replayed }) => heard.push([outcome, replayed]));
  await world.clock.advance(0);
  await world.gateway.publish('g', 3);
  await world.clock.advance(0);
  expect(heard).toEqual([
    [0, true],
    [1, true],
    [2, true],
    ['live', 3],
    [3, false],
  ]);
});

test('[B50] join, leave and join in one turn send one join', async () => {
  const world = new World();
  const client = await world.online();
  client.join('g').leave();
  const group = client.join('g');
  await world.clock.advance(5_000);
  expect(world.sent('join')).toHaveLength(1);
  expect(world.sent('leave')).toHaveLength(0);
  expect(group.status.get().state).toBe('live');
});

test('[B51] of two handles one leaves, and the group stays; after the other it is left, lingerMs later', async () => {
  const world = new World();
  const client = await world.online();
  const [one, two] = [client.join('g'), client.join('g')];
  const heard: unknown[] = [];
  one.on('message', () => heard.push('one'));
  two.on('message', () => heard.push('two'));
  await world.clock.advance(0);
  one.leave();
  one.leave();
  await world.clock.advance(5_000);
  await world.gateway.publish('g', 1);
  await world.clock.advance(0);
  expect(heard).toEqual(['two']);
  expect(one.status.get().state).toBe('left');
  two.leave();
  await world.clock.advance(999);
  expect(world.sent('leave')).toHaveLength(0);
  await world.clock.advance(1);
  expect(world.sent('leave')).toHaveLength(1);
  expect([...client.groups.keys()]).toEqual([]);
});

test('a group that is left while there is no connection is left when there is one', async () => {
  const world = new World();
  const client = await world.online();
  const group = client.join('g');
  client.join('h');
  await world.clock.advance(0);
  world.handshake = 'refuse';
  world.socket.cut();
  group.leave();
  await world.clock.advance(2_000);
  world.handshake = 'connect';
  world.signals.give('wake');
  await world.clock.advance(2_000);
  expect(world.sent('leave').map(({ payload }) => payload)).toEqual([{ groupId: 'g' }]);
});

describe('[B52] a refused group', () => {
  test('rejects `ready`, the others work, and it may be joined again', async () => {
    let allowed = false;
    const world = new World({ authorize: ({ groupId }) => groupId !== 'secret' || allowed });
    const client = await world.online();
    const secret = client.join('secret');
    const open = client.join('open');
    const ready = outcomeOf(secret.ready);
    await world.clock.advance(0);
    expect(ready.code).toBe('FORBIDDEN');
    expect(secret.status.get()).toMatchObject({ state: 'refused', error: { code: 'FORBIDDEN' } });
    expect(open.status.get().state).toBe('live');
    allowed = true;
    const again = client.join('secret');
    await world.clock.advance(0);
    expect([secret.status.get().state, again.status.get().state]).toEqual(['live', 'live']);
  });

  test('on the way back is refused as well, and what waits for it fails with its code', async () => {
    let allowed = true;
    const world = new World({ authorize: () => allowed });
    const client = await world.online();
    const group = client.join('g');
    await world.clock.advance(0);
    allowed = false;
    world.socket.cut();
    const ack = outcomeOf(group.publish(1));
    await world.clock.advance(2_000);
    expect(group.status.get()).toMatchObject({ state: 'refused' });
    expect(ack.code).toBe('FORBIDDEN');
    expect(client.status.get().state).toBe('online');
  });

  test('takes nothing more: a publish fails with the code of the refusal, and not with the time that it waited', async () => {
    let allowed = false;
    const world = new World({ authorize: ({ action }) => action !== 'join' || allowed });
    const client = await world.online();
    const group = client.join('g');
    await world.clock.advance(0);
    const late = outcomeOf(group.publish(1));
    await world.clock.advance(0);
    expect(late.code).toBe('FORBIDDEN');
    allowed = true;
    client.join('g');
    const asked = outcomeOf(group.publish(2));
    await world.clock.advance(0);
    expect(asked.value).toMatchObject({ seq: 1 });
  });

  test('for its rate alone is asked for again', async () => {
    const world = new World({ limits: { joinsPerSecondMax: 5, joinsBurst: 5 } });
    const client = await world.online();
    const groups = Array.from({ length: 20 }, (_, index) => client.join(`g${index}`));
    await world.clock.advance(30_000);
    expect(groups.map((group) => group.status.get().state)).toEqual(groups.map(() => 'live'));
  });
});

test('[B53] what is replayed comes before `sync`, and the group is live only with it', async () => {
  const world = new World();
  const client = await world.online();
  const group = client.join('g');
  await world.clock.advance(0);
  const told: unknown[] = [];
  group.on('message', ({ data, replayed }) => told.push([data, replayed, group.status.get().state]));
  group.on('sync', ({ outcome, replayed }) => told.push([outcome, replayed]));
  group.on('status', ({ state }) => told.push(state));
  world.socket.cut();
  for (let count = 0; count < 3; count += 1) await world.gateway.publish('g', count);
  await world.clock.advance(2_000);
  await world.gateway.publish('g', 3);
  await world.clock.advance(0);
  expect(told.filter((one) => typeof one === 'string')).toEqual(['stale', 'syncing', 'live']);
  const messages = told.filter((one) => Array.isArray(one)).map((one) => (one as unknown[]).slice(0, 2));
  expect(messages).toEqual([
    [0, true],
    [1, true],
    [2, true],
    ['recovered', 3],
    [3, false],
  ]);
});

test('[B54] what lies below the position is dropped', async () => {
  const world = new World();
  const client = await world.online();
  const group = client.join('g');
  const heard: unknown[] = [];
  group.on('message', ({ seq }) => heard.push(seq));
  await world.clock.advance(0);
  for (let count = 0; count < 3; count += 1) await world.gateway.publish('g', count);
  await world.clock.advance(0);
  const repeated = { type: 'data_update', ts: 1, groupId: 'g', payload: { data: 'again' } };
  for (const seq of [1, 3, 2]) world.socket.onmessage?.({ data: JSON.stringify({ ...repeated, seq }) });
  expect(heard).toEqual([1, 2, 3]);
  expect(group.position?.seq).toBe(3);
});

test('[B55] the position moves before listeners, and a listener that joins again gets no repeat', async () => {
  const world = new World();
  const client = await world.online();
  const group = client.join('g');
  const heard: unknown[] = [];
  group.on('message', ({ seq }) => {
    heard.push([seq, group.position?.seq]);
    const again = client.join('g');
    again.on('message', (message) => heard.push(['again', message.seq]));
  });
  await world.clock.advance(0);
  await world.gateway.publish('g', 1);
  await world.clock.advance(0);
  expect(heard).toEqual([[1, 1]]);
});

test('[B56] a listener that throws harms nobody, and is an `error` event', async () => {
  const world = new World();
  const client = await world.online();
  const group = client.join('g');
  const heard: unknown[] = [];
  group.on('message', () => {
    throw new Error('mine');
  });
  group.on('message', ({ data }) => heard.push(data));
  client.on('error', () => {
    throw new Error('even here');
  });
  await world.clock.advance(0);
  await world.gateway.publish('g', 1);
  await world.gateway.publish('g', 2);
  await world.clock.advance(0);
  expect(heard).toEqual([1, 2]);
  expect(world.errors).toMatchObject([{ code: 'LISTENER', cause: { message: 'mine' } }, { code: 'LISTENER' }]);
  expect(client.status.get().state).toBe('online');
});

test('[B56] an async listener that fails is an `error` event, and one of `error` is not told of itself for ever', async () => {
  const world = new World();
  const client = await world.online();
  const group = client.join('g');
  const heard: unknown[] = [];
  group.on('message', async () => {
    throw new Error('mine');
  });
  group.on('message', ({ data }) => heard.push(data));
  client.on('error', async () => {
    throw new Error('even here');
  });
  await world.clock.advance(0);
  await world.gateway.publish('g', 1);
  await world.gateway.publish('g', 2);
  await world.clock.advance(1_000);
  expect(heard).toEqual([1, 2]);
  expect(world.errors).toMatchObject([
    { code: 'LISTENER', cause: { message: 'mine' } },
    { code: 'LISTENER', cause: { message: 'mine' } },
  ]);
});

/** What `String` fails at, and what a template does. */
const TEXTLESS: [string, unknown][] = [
  ['an object without a prototype', Object.create(null)],
  ['a symbol', Symbol('mine')],
];

test.each(TEXTLESS)('[B56] a listener, a `parse` and a `load` that throw %s harm nobody', async (_, thrown) => {
  const world = new World();
  const client = await world.online();
  const fail = () => {
    throw thrown;
  };
  const parsed = client.join('g', { parse: fail });
  const loaded = client.join('h', { load: async () => fail() });
  loaded.ready.catch(() => {});
  client.join('i').on('message', fail);
  await world.clock.advance(0);
  for (const groupId of ['g', 'i']) await world.gateway.publish(groupId, 1);
  await world.clock.advance(0);
  expect(parsed.position?.seq).toBe(1);
  expect(world.errors).toMatchObject([
    { code: 'LISTENER', groupId: 'h', cause: thrown },
    { code: 'LISTENER', groupId: 'g', cause: thrown },
    { code: 'LISTENER', cause: thrown },
  ]);
});

test('[B57] a `parse` that throws skips one message, and moves on', async () => {
  const world = new World();
  const client = await world.online();
  const parse = (data: unknown) => {
    if (typeof data !== 'number') throw new TypeError('no number');
    return data * 2;
  };
  const group = client.join<number>('g', { parse });
  const heard: number[] = [];
  group.on('message', ({ data }) => heard.push(data));
  await world.clock.advance(0);
  for (const data of [1, 'two', 3]) await world.gateway.publish('g', data);
  await world.clock.advance(0);
  expect(heard).toEqual([2, 6]);
  expect(group.position?.seq).toBe(3);
  expect(world.errors).toMatchObject([{ code: 'LISTENER', groupId: 'g' }]);
});

test('[B58] a gap reaches listeners and iterators in its place, and loads anew', async () => {
  const world = new World();
  const client = await world.online();
  const reasons: string[] = [];
  const load = async ({ reason }: { reason: string }) => {
    reasons.push(reason);
    return { state: reason };
  };
  const group = client.join('g', { load });
  const updates = group.updates();
  const told: unknown[] = [];
  const note = (update: Update) => told.push(update.type === 'message' ? update.seq : update.type);
  for (const name of ['message', 'sync', 'gap', 'state'] as const) group.on(name, note as never);
  await world.clock.advance(0);
  const say = (message: object) => world.socket.onmessage?.({ data: JSON.stringify({ ts: 1, groupId: 'g', ...message }) });
  say({ type: 'data_update', seq: 1, payload: { data: 1 } });
  say({ type: 'gap', payload: { groupId: 'g', from: 2, to: 5, reason: 'behind' } });
  say({ type: 'data_update', seq: 6, payload: { data: 6 } });
  await world.clock.advance(0);
  expect(told).toEqual(['sync', 'state', 1, 'gap', 'state', 6]);
  expect(reasons).toEqual(['join', 'gap']);
  const read: unknown[] = [];
  for (let count = 0; count < told.length; count += 1) {
    const { value } = await updates.next();
    read.push(value.type === 'message' ? value.seq : value.type);
  }
  expect(read).toEqual(told);
});

test('[B59] `__proto__` is a group id and a member id like any other', async () => {
  let ids = 0;
  const generateId = () => (ids++ === 2 ? '__proto__' : `id-${ids}`);
  const world = new World({ generateId });
  const client = await world.online();
  const group = client.join<string>('__proto__');
  const heard: unknown[] = [];
  group.on('message', ({ data, own }) => heard.push([data, own]));
  await world.clock.advance(1_000);
  expect(client.memberId).toBe('__proto__');
  void group.publish('one');
  await world.clock.advance(0);
  world.socket.cut();
  await world.gateway.publish('__proto__', 'two');
  await world.clock.advance(2_000);
  expect(group.status.get()).toMatchObject({ state: 'live', outcome: 'recovered' });
  expect(heard).toEqual([
    ['one', true],
    ['two', false],
  ]);
  expect(group.members.get().list.get('__proto__')).toMatchObject({ memberId: '__proto__' });
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

describe('a log that is lost in mid-life is a reset', () => {
  /** A client that hears `a`, `b` and `c`, drops, and comes back to another log of the group, in which `x` stands. */
  async function comesBackToAnother(since: Since | undefined): Promise<unknown[]> {
    const world = new World();
    const client = await world.online();
    const { socket } = world;
    const group = client.join('g', { since });
    const heard: unknown[] = [];
    group.on('message', ({ data, epoch, replayed }) => heard.push([data, epoch === group.position?.epoch && replayed]));
    await world.clock.advance(0);
    for (const data of ['a', 'b', 'c']) await world.gateway.publish('g', data);
    await world.clock.advance(0);
    world.gateway = createGateway({ clock: world.clock, broker: new MemoryBroker() });
    (await world.online({ signals: null })).join('g');
    await world.clock.advance(0);
    await world.gateway.publish('g', 'x');
    socket.cut();
    await world.clock.advance(2_000);
    await world.gateway.publish('g', 'y');
    await world.clock.advance(0);
    expect(group.status.get()).toMatchObject({ state: 'live', outcome: 'reset', reason: 'epoch' });
    expect(group.position).toMatchObject({ seq: 2 });
    return heard;
  }

  test('and messages of the new one are heard from its first', async () => {
    expect(await comesBackToAnother(undefined)).toEqual([
      ['a', false],
      ['b', false],
      ['c', false],
      ['y', false],
    ]);
  });

  test('with the last messages of the new one, where the join asked for a tail', async () => {
    expect(await comesBackToAnother({ tail: 5 })).toEqual([
      ['a', false],
      ['b', false],
      ['c', false],
      ['x', true],
      ['y', false],
    ]);
  });
});

describe('a group that was joined with a tail', () => {
  test('is told of a loss before what comes after it', async () => {
    const world = new World({ limits: { logMessagesMax: 3 } });
    const client = await world.online();
    const group = client.join('g', { since: { tail: 2 } });
    const told: unknown[] = [];
    group.on('message', ({ seq, replayed }) => told.push([seq, replayed]));
    group.on('sync', ({ outcome, seq, replayed }) => told.push([outcome, seq, replayed]));
    await world.clock.advance(0);
    await world.gateway.publish('g', 1);
    await world.clock.advance(0);
    world.socket.cut();
    for (let n = 2; n <= 9; n += 1) await world.gateway.publish('g', n);
    await world.clock.advance(2_000);
    await world.gateway.publish('g', 10);
    await world.clock.advance(0);
    expect(told).toEqual([
      ['live', 0, 0],
      [1, false],
      ['reset', 9, 2],
      [8, true],
      [9, true],
      [10, false],
    ]);
    expect(group.position?.seq).toBe(10);
  });

  test('is recovered whole after a drop, also where more was missed than is held back', async () => {
    const world = new World({ limits: { logMessagesMax: 5_000 } });
    const client = await world.online();
    const group = client.join('g', { since: { tail: 5 } });
    const heard: unknown[] = [];
    const syncs: unknown[] = [];
    group.on('message', ({ seq }) => heard.push(seq));
    group.on('sync', ({ outcome, replayed }) => syncs.push([outcome, replayed]));
    await world.clock.advance(0);
    for (const [missed, total] of [
      [1_024, 1_024],
      [1_025, 2_049],
    ] as const) {
      world.socket.cut();
      for (let count = 0; count < missed; count += 1) await world.gateway.publish('g', count);
      await world.clock.advance(2_000);
      expect(syncs.at(-1)).toEqual(['recovered', missed]);
      expect(heard).toEqual(Array.from({ length: total }, (_, index) => index + 1));
    }
    expect(syncs).toHaveLength(3);
  });

  test('tells what became of a message by what is replayed, also after a reset', async () => {
    const world = new World({ limits: { logMessagesMax: 3 } });
    const client = await world.online();
    const group = client.join<unknown>('g', { since: { tail: 3 } });
    await world.clock.advance(0);
    world.socket.onmessage = null;
    const [lost, told] = [outcomeOf(group.publish('old')), outcomeOf(group.publish('new'))];
    await world.clock.advance(0);
    world.socket.cut();
    for (let count = 0; count < 2; count += 1) await world.gateway.publish('g', count);
    await world.clock.advance(2_000);
    expect(group.status.get()).toMatchObject({ outcome: 'reset', reason: 'trimmed', replayed: 3 });
    expect(lost.code).toBe('OUTCOME_UNKNOWN');
    expect(told.value).toMatchObject({ seq: 2, duplicate: true });
  });
});

test('a position that the application kept: what came after it is replayed, before anything live', async () => {
  const world = new World();
  for (let count = 1; count <= 5; count += 1) await world.gateway.publish('g', count);
  const { epoch } = await world.gateway.position('g');
  const client = await world.online();
  const group = client.join('g', { since: { epoch, seq: 3 } });
  const heard: unknown[] = [];
  group.on('message', ({ data, replayed }) => heard.push([data, replayed]));
  await world.clock.advance(0);
  expect(group.status.get()).toMatchObject({ state: 'live', outcome: 'recovered', replayed: 2 });
  await world.gateway.publish('g', 6);
  await world.clock.advance(0);
  expect(heard).toEqual([
    [4, true],
    [5, true],
    [6, false],
  ]);
});

test('what the contract forbids as a group or a position is refused before it could have the whole client refused', async () => {
  const world = new World();
  const client = await world.online();
  const wrong = [
    ['', undefined],
    ['x'.repeat(129), undefined],
    ['a\u0000', undefined],
    [7, undefined],
    ['g', { tail: 0 }],
    ['g', { seq: 1 }],
    ['g', { epoch: 'e', seq: -1 }],
  ];
  for (const [groupId, since] of wrong) {
    expect(() => client.join(groupId as string, { since: since as never })).toThrow(
      expect.objectContaining({ code: 'INVALID_DATA' }),
    );
  }
  world.socket.cut();
  await world.clock.advance(2_000);
  expect(client.status.get().state).toBe('online');
});

test('metadata that cannot be read fails the attempt, is told, and is tried again', async () => {
  const world = new World();
  let failing = true;
  const client = await world.online({
    metadata: () => {
      if (failing) throw new Error('not yet');
      return { name: 'ada' };
    },
  });
  expect(world.errors).toMatchObject([{ code: 'LISTENER' }]);
  failing = false;
  await world.clock.advance(2_000);
  expect(client.status.get().state).toBe('online');
});

test('a hidden page gives its connection up after hiddenTimeoutMs, but not while a message is pending', async () => {
  const world = new World();
  const client = await world.online({ hiddenTimeoutMs: 5_000 });
  const group = client.join('g');
  await world.clock.advance(0);
  const { socket } = world;
  losesMessages(socket);
  const pending = outcomeOf(group.publish(1, { timeoutMs: 8_000 }));
  world.signals.give('hide');
  await world.clock.advance(7_000);
  expect(client.status.get().state).toBe('online');
  await world.clock.advance(4_000);
  expect(pending.settled).toBe(true);
  expect(socket.closedWith).toBe(4900);
  expect(client.status.get().state).toBe('reconnecting');
  await world.clock.advance(600_000);
  expect(world.sockets.sockets).toHaveLength(1);
  world.signals.give('wake');
  await world.clock.advance(0);
  expect(client.status.get().state).toBe('online');
});

/** Messages that are sent on it go nowhere; heartbeats do. */
function losesMessages(socket: MemoryWebSocket): void {
  const { send } = socket;
  socket.send = (text) => {
    if (!text.includes('data_update')) send.call(socket, text);
  };
}

test.each([
  ['a hole', undefined, [{ type: 'data_update', seq: 9, payload: { data: 9 } }]],
  ['a hole that is held', { tail: 3 }, [{ type: 'data_update', seq: 9, payload: { data: 9 } }]],
  [
    'a gap after what is held',
    { tail: 3 },
    [
      { type: 'data_update', seq: 2, payload: { data: 2 } },
      { type: 'gap', payload: { groupId: 'g', from: 3, to: 8, reason: 'behind' } },
    ],
  ],
])('%s in a replay does not move the position: who drops in it asks from before it', async (_, since, messages) => {
  const world = new World();
  const client = await world.online();
  client.join('g', { since });
  await world.clock.advance(0);
  await world.gateway.publish('g', 1);
  await world.clock.advance(0);
  const off = client.on('status', ({ state }) => {
    if (state !== 'online') return;
    for (const message of messages) world.socket.onmessage?.({ data: JSON.stringify({ ts: 1, groupId: 'g', ...message }) });
    world.socket.cut();
  });
  world.socket.cut();
  await world.clock.advance(1_000);
  off();
  await world.clock.advance(5_000);
  const asked = world
    .sent('identify')
    .map(({ payload }) => (payload as unknown as { resume: { groups: { g?: { seq?: number } } } }).resume.groups.g?.seq);
  expect(asked).toEqual([undefined, 1, 1]);
});

test('of a replay with a tail, what comes before the last `replayed` messages is of a log that is gone, or before a hole: it is not told [R256]', async () => {
  const world = new World();
  const client = await world.online();
  const group = client.join('g', { since: { tail: 3 } });
  await world.clock.advance(0);
  const told: unknown[] = [];
  group.on('message', ({ seq, epoch, replayed }) => told.push([seq, epoch, replayed]));
  group.on('sync', ({ outcome, epoch, seq }) => told.push([outcome, epoch, seq]));
  const off = client.on('status', ({ state }) => {
    if (state !== 'online') return;
    const give = (message: object) => world.socket.onmessage?.({ data: JSON.stringify({ ts: 1, groupId: 'g', ...message }) });
    for (const seq of [1, 2, 7]) give({ type: 'data_update', seq, payload: { data: seq } });
    const payload = { groupId: 'g', epoch: 'new', seq: 7, outcome: 'reset', reason: 'epoch', replayed: 1 };
    give({ type: 'sync', payload });
    world.socket.cut();
  });
  world.socket.cut();
  await world.clock.advance(1_000);
  off();
  expect(told.slice(0, 2)).toEqual([
    ['reset', 'new', 7],
    [7, 'new', true],
  ]);
});
