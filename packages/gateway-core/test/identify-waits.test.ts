import { type GatewayOptions, MemoryBroker, MemoryPresenceStore } from 'gateway-core';
import { describe, expect, test, vi } from 'vitest';
import { asynchronous, waitOn } from './support/asynchronous.js';
import { codesOf, heartbeat, identify, long, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

const limits = { socketHighWaterMarkBytes: 1_000 };
const timings = { heartbeatTimeoutMs: 1_000_000, identifyTimeoutMs: 1_000_000, slowConsumerTimeoutMs: 0 };

/** What a socket got, in order: the data of messages by their first character. */
const orderOf = (socket: RecordingSocket) =>
  socket.received.map((message) => (message.type === 'data_update' ? String(message.payload.data)[0] : message.type));

describe('who is cut off while a hook is asked', () => {
  test('authenticate: is not asked about any more', async () => {
    const asked: string[] = [];
    const { clock, gateway, connect } = setUp((fake) => ({
      authenticate: () => waitOn(fake, 100)().then(() => true),
      authorize: ({ groupId }) => asked.push(groupId) > 0,
    }));
    const client = connect();
    client.send(identify('g'));
    await clock.advance(50);
    client.cut();
    await clock.advance(1_000);
    expect(asked).toEqual([]);
    expect(gateway.groups()).toEqual([]);
  });

  test('authorize: opens no group', async () => {
    const { clock, gateway, connect } = setUp((fake) => ({ authorize: () => waitOn(fake, 100)().then(() => true) }));
    const client = connect();
    client.send(identify('g'));
    await clock.advance(50);
    client.cut();
    await clock.advance(1_000);
    expect(gateway.groups()).toEqual([]);
  });
});

test('who is cut off while its group opens is never said to be there', async () => {
  const store = new MemoryPresenceStore();
  const enter = vi.spyOn(store, 'enter');
  const { clock, connect } = setUp((fake) => ({
    broker: asynchronous(new MemoryBroker(), ['subscribe'], waitOn(fake, 50)),
    presence: store,
  }));
  const client = connect();
  client.send(identify('g'));
  await clock.advance(20);
  client.cut();
  await clock.advance(1_000);
  expect(enter).not.toHaveBeenCalled();
  expect(store.info('g')).toEqual({ status: 'UNKNOWN' });
});

describe('a member that is behind gets everything before it is somewhere else', () => {
  test('what was said while the presence store was asked', async () => {
    const { clock, gateway } = setUp((fake) => ({
      presence: asynchronous(new MemoryPresenceStore({ clock: fake }), ['info'], waitOn(fake, 50)),
      limits,
      timings,
    }));
    const socket = new RecordingSocket(gateway);
    socket.send(identify('old'));
    await clock.advance(1_000);
    socket.writes.length = 0;
    socket.send(identify('new'));
    await clock.advance(20);
    socket.stuck = true;
    for (const n of [1, 2, 3]) await gateway.publish('old', `${n} ${long(1_500)}`);
    await clock.advance(1_000);
    expect(orderOf(socket)).toEqual(['1']);
    socket.drain();
    await clock.advance(1_000);
    expect(orderOf(socket)).toEqual(['1', '2', '3', 'ready', 'presence_update']);
    expect(gateway.connections()[0]?.groups).toEqual(['new']);
    socket.listener.closed(1006, '');
  });

  test('where it loses its group because it may not be there any more', async () => {
    let may = true;
    const { clock, gateway } = setUp({ authorize: () => may, limits, timings });
    const socket = new RecordingSocket(gateway);
    socket.send(identify('g'));
    await clock.advance(1_000);
    socket.writes.length = 0;
    socket.stuck = true;
    for (const n of [1, 2, 3]) await gateway.publish('g', `${n} ${long(1_500)}`);
    await clock.settle();
    may = false;
    socket.send(identify());
    await clock.advance(1_000);
    expect(orderOf(socket)).toEqual(['1']);
    socket.drain();
    await clock.settle();
    expect(orderOf(socket)).toEqual(['1', '2', '3', 'ready', 'error']);
    expect(gateway.connections()[0]?.groups).toEqual([]);
    socket.listener.closed(1006, '');
  });
});

test('a group makes no room while its first member is being entered: the other one is TOO_MANY_GROUPS', async () => {
  const { clock, gateway, connect } = setUp((fake) => ({
    presence: asynchronous(new MemoryPresenceStore({ clock: fake }), ['info'], waitOn(fake, 50)),
    limits: { groupsMax: 1 },
  }));
  const client = connect();
  client.send(identify('a'));
  await clock.advance(20);
  await expect(async () => gateway.publish('b', 1)).rejects.toThrow('groupsMax');
  await clock.advance(1_000);
  expect(codesOf(client)).toEqual([]);
  expect(gateway.groups()).toMatchObject([{ groupId: 'a', connections: 1 }]);
});

describe('a group that somebody is being entered into', () => {
  const slow = (limits: GatewayOptions['limits']) =>
    setUp((fake) => ({
      presence: asynchronous(new MemoryPresenceStore({ clock: fake }), ['info'], waitOn(fake, 2_000)),
      limits,
    }));

  test('is not forgotten as too old', async () => {
    const { clock, gateway, connect } = slow({ logAgeMaxMs: 10_000 });
    await gateway.publish('a', 1);
    await clock.advance(9_500);
    const client = connect();
    client.send(identify('a'));
    await clock.advance(5_000);
    expect(codesOf(client)).toEqual([]);
    expect(gateway.connections()[0]).toMatchObject({ groups: ['a'] });
  });

  test('is the last to make room, however long it was idle', async () => {
    const { clock, gateway, connect } = slow({ groupsMax: 2 });
    for (const groupId of ['a', 'b']) await gateway.publish(groupId, 1);
    const client = connect();
    client.send(identify('a'));
    await clock.advance(500);
    await gateway.publish('c', 1);
    await clock.advance(5_000);
    expect(codesOf(client)).toEqual([]);
    expect(gateway.groups().map(({ groupId }) => groupId)).toEqual(['a', 'c']);
  });
});

test('a client whose identify was refused for a reason that passes is told to come back [R57]', async () => {
  const { clock, connect, join } = setUp({ limits: { groupsMax: 1 } });
  const first = await join('a');
  const client = connect();
  client.send(identify('b'));
  for (let beats = 0; beats < 5; beats += 1) {
    for (const each of [first, client]) each.send(heartbeat());
    await clock.advance(5_000);
  }
  expect(codesOf(client)).toEqual(['TOO_MANY_GROUPS']);
  expect(client.closed?.code).toBe(4201);
});

test.each([
  ['is named now and was not', undefined, 'ada'],
  ['was named and is not any more', 'ada', undefined],
  ['is named otherwise', 'ada', 'bob'],
])('a user who %s is another member, whatever the claims say', async (_, before, after) => {
  let principal = before;
  const { clock, gateway, join, events } = setUp({ authenticate: () => ({ claims: { plan: 'gold' }, principal }) });
  const client = await join('g');
  const memberId = gateway.connections()[0]?.memberId;
  principal = after;
  client.send(identify('g'));
  await clock.settle();
  expect(gateway.connections()[0]?.memberId).not.toBe(memberId);
  expect(events('leave')).toMatchObject([{ memberId, groupId: 'g' }]);
  expect((await gateway.presence('g')).details?.members).toBe(1);
});

describe('what a client sent behind a message that waits for a hook', () => {
  test.each(['cut', 'kicked'])('is not handled once it is %s, and nobody is asked about it', async (how) => {
    const asked: string[] = [];
    const { clock, gateway, join, events } = setUp((fake) => ({
      authorize: ({ action }) => action === 'join' || (asked.push(action) > 0 && waitOn(fake, 100)().then(() => true)),
    }));
    const client = await join('g');
    for (const n of [1, 2, 3]) client.send(say(n));
    await clock.advance(50);
    if (how === 'cut') client.cut();
    else gateway.disconnect(gateway.connections()[0]!.connectionId);
    await clock.advance(1_000);
    expect(asked).toEqual(['publish']);
    expect(events('data')).toEqual([]);
    expect(gateway.stats()).toMatchObject({ publishedTotal: 0, errorsSentTotal: 0 });
  });

  test.each([
    ['as many as there may be in flight', { publishesInFlightMax: 2 }, [1, 2]],
    ['one at a time', { publishesInFlightMax: 1 }, [1]],
  ])('is not published once it is cut, though it stays a member for the resume window: %s', async (_how, limits, accepted) => {
    const { clock, gateway, connect, events } = setUp((fake) => ({
      limits,
      broker: asynchronous(new MemoryBroker(), ['publish'], waitOn(fake, 50)),
    }));
    const client = connect();
    client.send(identify('g'));
    await clock.settle();
    for (const n of [1, 2, 3]) client.send(say(n));
    await clock.advance(20);
    client.cut();
    await clock.advance(1_000);
    expect(gateway.stats().droppedMembers).toBe(1);
    expect(events('data').map(({ data }) => data)).toEqual(accepted);
  });
});
