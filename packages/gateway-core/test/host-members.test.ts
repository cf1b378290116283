import { MemoryBroker, MemoryPresenceStore } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { asynchronous, BROKER_METHODS, PRESENCE_METHODS, waitOn } from './support/asynchronous.js';
import { type Failure, failing } from './support/failing.js';
import { codesOf, identify, long, presencesOf, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

const idOf = ({ gateway }: ReturnType<typeof setUp>, index = 0) => gateway.connections()[index]!.connectionId;

describe('gateway.join', () => {
  test('puts a member beside the groups that it is in: it hears both, is present in both, and is told of the new one', async () => {
    const set = setUp({ authorize: ({ action, groupId }) => action === 'publish' || groupId === 'g' });
    const { clock, gateway, join, events } = set;
    const client = await join('g', { metadata: { n: 1 } });
    await gateway.join(idOf(set), 'h');
    await Promise.all([gateway.publish('g', 1), gateway.publish('h', 2)]);
    await clock.settle();
    expect(client.updates.map(({ groupId, payload }) => [groupId, payload.data])).toEqual([
      ['g', 1],
      ['h', 2],
    ]);
    expect(presencesOf(client).at(-1)).toMatchObject({ status: 'UP', details: { metadata: { n: 1 }, members: 1 } });
    expect(await gateway.presence('h')).toMatchObject({ status: 'UP', details: { members: 1 } });
    expect(events('join').map(({ groupId }) => groupId)).toEqual(['g', 'h']);
    client.send(say('named', { groupId: 'h' }));
    client.send(say('not named'));
    await clock.settle();
    expect(events('data').map(({ groupId }) => groupId)).toEqual(['h', 'g']);
    client.close();
    expect(events('leave').map(({ groupId }) => groupId)).toEqual(['g', 'h']);
  });

  test.each([1, 2])('%i times at once is one place, and is told of to the client, with parts that need time', async (times) => {
    const set = setUp((clock) => ({
      presence: asynchronous(new MemoryPresenceStore({ clock }), [...PRESENCE_METHODS], waitOn(clock, 50)),
      broker: asynchronous(new MemoryBroker(), [...BROKER_METHODS], waitOn(clock, 50)),
    }));
    const { clock, gateway, connect, events } = set;
    const client = connect();
    client.send(identify());
    await clock.advance(1_000);
    const joining = Promise.all(Array.from({ length: times }, () => gateway.join(idOf(set), 'h')));
    await clock.advance(1_000);
    await joining;
    expect(gateway.connections()[0]?.groups).toEqual(['h']);
    expect(gateway.groups().map(({ connections }) => connections)).toEqual([1]);
    expect(events('join')).toHaveLength(1);
    expect(presencesOf(client).at(-1)).toMatchObject({ status: 'UP', details: { members: 1 } });
    const publishing = gateway.publish('h', 'once');
    await clock.advance(1_000);
    await publishing;
    expect(client.data).toEqual(['once']);
    client.close();
    await clock.advance(1_000);
    expect(events('leave')).toHaveLength(1);
  });

  test('before the client names a group leaves it its own: what names none goes to the one that its identify named', async () => {
    const set = setUp();
    const { clock, gateway, join, events } = set;
    const client = await join();
    await gateway.join(idOf(set), 'assigned');
    client.send(say(1));
    await clock.settle();
    client.send(identify('own'));
    client.send(say(2));
    await clock.settle();
    expect(gateway.connections()[0]?.groups).toEqual(['assigned', 'own']);
    expect(events('data').map(({ groupId, data }) => [groupId, data])).toEqual([
      ['assigned', 1],
      ['own', 2],
    ]);
    expect(codesOf(client)).toEqual([]);
  });

  test('makes it one member of several groups, which it all drops out of and leaves together', async () => {
    const set = setUp();
    const { clock, gateway, join, events } = set;
    const client = await join('g');
    for (const groupId of ['h', 'i']) await gateway.join(idOf(set), groupId);
    await clock.advance(1_000);
    const statuses = () => Promise.all(['g', 'h', 'i'].map(async (groupId) => (await gateway.presence(groupId)).status));
    client.cut();
    expect(await statuses()).toEqual(['DEGRADED', 'DEGRADED', 'DEGRADED']);
    expect(gateway.groups().map(({ connections }) => connections)).toEqual([0, 0, 0]);
    await clock.advance(15_000);
    expect(await statuses()).toEqual(['DOWN', 'DOWN', 'DOWN']);
    expect(events('leave').map(({ groupId }) => groupId)).toEqual(['g', 'h', 'i']);
    await gateway.publish('h', 'for nobody');
    await clock.settle();
    expect(client.data).toEqual([]);
  });

  test.each(['g', 'h'])('a goodbye waits until it has everything, of %s as of its other group', async (groupId) => {
    const set = setUp({ limits: { socketHighWaterMarkBytes: 1_000 }, timings: { heartbeatTimeoutMs: 1_000_000 } });
    const { clock, gateway } = set;
    const socket = new RecordingSocket(gateway);
    socket.send(identify('g'));
    await clock.settle();
    await gateway.join(idOf(set), 'h');
    await clock.advance(1_000);
    socket.stuck = true;
    for (const n of [1, 2, 3]) await gateway.publish(groupId, `${n} ${long(1_500)}`);
    await clock.settle();
    void gateway.close({ graceMs: 20_000 });
    await clock.advance(1_000);
    expect(socket.closes).toEqual([]);
    socket.drain();
    await clock.settle();
    expect(socket.data).toHaveLength(3);
    expect(socket.closes).toMatchObject([{ code: 1012 }]);
    socket.listener.closed(1012, '');
  });

  test('of a group that it is in already does nothing', async () => {
    const set = setUp();
    const { gateway, join, events } = set;
    await join('g');
    await gateway.join(idOf(set), 'g');
    await Promise.all([gateway.join(idOf(set), 'h'), gateway.join(idOf(set), 'h')]);
    expect(events('join').map(({ groupId }) => groupId)).toEqual(['g', 'h']);
    expect(gateway.groups().map(({ connections }) => connections)).toEqual([1, 1]);
  });

  test('stays over a move of the client, and ends with another user', async () => {
    const set = setUp({ authenticate: ({ token }) => ({ principal: token ?? 'nobody' }) });
    const { clock, gateway, join } = set;
    const client = await join('g', { token: 'ada' });
    await gateway.join(idOf(set), 'user:ada');
    client.send(identify('h', { token: 'ada' }));
    await clock.settle();
    expect(gateway.connections()[0]?.groups).toEqual(['user:ada', 'h']);
    client.send(identify('h', { token: 'bob' }));
    await clock.settle();
    expect(gateway.connections()[0]?.groups).toEqual(['h']);
    await gateway.publish('user:ada', 'for Ada');
    await clock.settle();
    expect(client.data).toEqual([]);
  });

  test.each([
    ['no connection', 'NOT_CONNECTED', 'nobody', 'h'],
    ['no id', 'INVALID_ARGUMENT', undefined, ''],
    ['no text', 'INVALID_ARGUMENT', undefined, 7],
    ['one group too many', 'TOO_MANY_GROUPS', undefined, 'h'],
  ])('%s: rejects with %s, and nothing has changed', async (_what, code, connectionId, groupId) => {
    const set = setUp({ limits: { groupsMax: 1 } });
    await set.join('g');
    await expect(set.gateway.join(connectionId ?? idOf(set), groupId as string)).rejects.toMatchObject({ code });
    expect(set.gateway.connections()[0]?.groups).toEqual(['g']);
  });

  test('of one who has not identified rejects', async () => {
    const set = setUp();
    set.connect();
    await expect(set.gateway.join(idOf(set), 'g')).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
  });

  test.each(['cut', 'leaves by another user'])(
    'while stores are asked, and it is %s: rejects, and leaves no trace',
    async (how) => {
      const set = setUp((clock) => ({
        authenticate: ({ token }) => ({ principal: token ?? 'nobody' }),
        presence: asynchronous(new MemoryPresenceStore({ clock }), [...PRESENCE_METHODS], waitOn(clock, 50)),
        broker: asynchronous(new MemoryBroker(), [...BROKER_METHODS], waitOn(clock, 50)),
      }));
      const { clock, gateway, connect } = set;
      const client = connect();
      client.send(identify('g', { token: 'ada' }));
      await clock.advance(1_000);
      const joining = gateway.join(idOf(set), 'h');
      const failed = expect(joining).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
      await clock.advance(20);
      if (how === 'cut') client.cut();
      else client.send(identify('g', { token: 'bob' }));
      await clock.advance(60_000);
      await failed;
      const presence = gateway.presence('h');
      await clock.advance(200);
      expect((await presence).details?.members ?? 0).toBe(0);
      expect(set.events('join').map(({ groupId }) => groupId)).not.toContain('h');
    },
  );
});

test('a client that names one of the groups that the host has put it into talks to that one from then on', async () => {
  const set = setUp();
  const { clock, gateway, join, events } = set;
  const client = await join();
  for (const groupId of ['user:ada', 'room', 'news']) await gateway.join(idOf(set), groupId);
  client.send(identify('room'));
  client.send(say('for the room'));
  await clock.settle();
  client.send(identify());
  client.send(say('still'));
  await clock.settle();
  expect(events('data').map(({ groupId }) => groupId)).toEqual(['room', 'room']);
  client.send(identify('news'));
  client.send(say('for the news'));
  await clock.settle();
  expect(events('data').at(-1)?.groupId).toBe('news');
  // It stays where the host has put it.
  expect(gateway.connections()[0]?.groups.toSorted()).toEqual(['news', 'room', 'user:ada']);
});

describe('gateway.leave', () => {
  test('takes a member out, after what it is owed; it may come back', async () => {
    const set = setUp();
    const { clock, gateway, join, events } = set;
    const client = await join('g');
    void gateway.publish('g', 'last words');
    expect(gateway.leave(idOf(set), 'g')).toBe(true);
    await gateway.publish('g', 'too late');
    await clock.settle();
    expect(client.data).toEqual(['last words']);
    expect(events('leave')).toMatchObject([{ groupId: 'g' }]);
    expect(await gateway.presence('g')).toMatchObject({ status: 'DOWN' });
    client.send(say('hello?'));
    client.send(identify('g'));
    await clock.settle();
    expect(codesOf(client)).toEqual(['NO_GROUP']);
    expect(gateway.connections()[0]?.groups).toEqual(['g']);
  });

  test('is false for who is not there', async () => {
    const set = setUp();
    set.connect();
    await set.join('g');
    expect(set.gateway.leave('nobody', 'g')).toBe(false);
    expect(set.gateway.leave(idOf(set), 'g')).toBe(false);
    expect(set.gateway.leave(idOf(set, 1), 'h')).toBe(false);
    expect(set.events('leave')).toEqual([]);
  });
});

describe('gateway.setMetadata', () => {
  test('is shown in all groups of the member', async () => {
    const set = setUp();
    const { clock, gateway, join } = set;
    const client = await join('g', { metadata: { n: 1 } });
    await gateway.join(idOf(set), 'h');
    await clock.advance(1_000);
    await gateway.setMetadata(idOf(set), { n: 2 });
    await clock.advance(1_000);
    const shown = presencesOf(client).slice(-2);
    for (const { details } of shown) expect(details?.metadata).toEqual({ n: 2 });
    for (const group of ['g', 'h']) expect(await gateway.members(group)).toMatchObject([{ metadata: { n: 2 } }]);
    expect(gateway.connections()[0]?.metadata).toEqual({ n: 2 });
  });

  test.each([['text'], [undefined], [null], [[]], [{ big: long(5_000) }], [{ n: 1n }]] as never[])(
    'refuses %#, naming the field',
    async (metadata) => {
      const set = setUp();
      await set.join('g', { metadata: { n: 1 } });
      await expect(set.gateway.setMetadata(idOf(set), metadata)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(/^metadata/),
      });
      expect(set.gateway.connections()[0]?.metadata).toEqual({ n: 1 });
    },
  );

  test.each<Failure>(['rejects', 'throws'])('of which the store %s for one group changes nothing in any', async (how) => {
    let isFailing = false;
    const set = setUp((clock) => ({
      presence: failing(new MemoryPresenceStore({ clock }), 'enter', how, (groupId) => isFailing && groupId === 'h'),
    }));
    const { clock, gateway, join } = set;
    const client = await join('g', { metadata: { n: 1 } });
    for (const groupId of ['h', 'i']) await gateway.join(idOf(set), groupId);
    isFailing = true;
    await expect(gateway.setMetadata(idOf(set), { n: 2 })).rejects.toThrow('enter failed');
    expect(gateway.connections()[0]?.metadata).toEqual({ n: 1 });
    isFailing = false;
    await clock.advance(5_000);
    for (const group of ['g', 'h', 'i']) expect(await gateway.members(group)).toMatchObject([{ metadata: { n: 1 } }]);
    expect(presencesOf(client).at(-1)?.details?.metadata).toEqual({ n: 1 });
    await gateway.setMetadata(idOf(set), { n: 3 });
    for (const group of ['g', 'h', 'i']) expect(await gateway.members(group)).toMatchObject([{ metadata: { n: 3 } }]);
  });

  describe('while the store is asked', () => {
    const waiting = async () => {
      const set = setUp((clock) => ({
        authenticate: ({ token }) => ({ principal: token ?? 'nobody' }),
        presence: asynchronous(new MemoryPresenceStore({ clock }), ['enter', 'leave'], waitOn(clock, 50)),
      }));
      const client = set.connect();
      client.send(identify('g', { token: 'ada', metadata: { n: 1 } }));
      await set.clock.advance(1_000);
      return { ...set, client };
    };

    test('it is what it was; and it is the new one also in a group that the member comes into meanwhile', async () => {
      const set = await waiting();
      const { clock, gateway } = set;
      const setting = gateway.setMetadata(idOf(set), { n: 2 });
      const joining = gateway.join(idOf(set), 'h');
      await clock.advance(90);
      expect(gateway.connections()[0]?.metadata).toEqual({ n: 1 });
      await clock.advance(1_000);
      await Promise.all([setting, joining]);
      expect(gateway.connections()[0]?.metadata).toEqual({ n: 2 });
      for (const group of ['g', 'h']) expect(await gateway.members(group)).toMatchObject([{ metadata: { n: 2 } }]);
    });

    test('the later of two calls stays', async () => {
      const set = await waiting();
      const { clock, gateway } = set;
      const both = Promise.all([2, 3].map((n) => gateway.setMetadata(idOf(set), { n })));
      await clock.advance(1_000);
      await both;
      expect(gateway.connections()[0]?.metadata).toEqual({ n: 3 });
      expect(await gateway.members('g')).toMatchObject([{ metadata: { n: 3 } }]);
    });

    test('an `identify` keeps what else it says', async () => {
      const set = await waiting();
      const { clock, gateway, client } = set;
      const setting = gateway.setMetadata(idOf(set), { n: 2 });
      client.send(identify('g', { token: 'ada', clientType: 'dashboard', metadata: { n: 3 } }));
      await clock.advance(1_000);
      await setting;
      const [{ role, metadata } = {}] = gateway.connections();
      expect(role).toBe('dashboard');
      expect(await gateway.members('g')).toEqual([expect.objectContaining({ role, metadata })]);
    });

    test.each(['is cut', 'is somebody else'])('and the client %s: rejects', async (how) => {
      const set = await waiting();
      const { clock, gateway, client } = set;
      if (how === 'is somebody else') client.send(identify('g', { token: 'bob', metadata: { n: 3 } }));
      await clock.advance(20);
      const setting = expect(gateway.setMetadata(idOf(set), { n: 2 })).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
      if (how === 'is cut') client.cut();
      await clock.advance(1_000);
      await setting;
      const shown = how === 'is cut' ? { metadata: { n: 1 }, state: 'dropped' } : { metadata: { n: 3 }, state: 'connected' };
      expect(await gateway.members('g')).toMatchObject([shown]);
    });
  });

  test('of nobody rejects', async () => {
    await expect(setUp().gateway.setMetadata('nobody', {})).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
  });
});
