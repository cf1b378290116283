import { describe, expect, test } from 'vitest';
import { codesOf, errorsOf, identify, long, presencesOf, readiesOf, say, typesOf } from './support/messages.js';
import { setUp } from './support/set-up.js';

const heartbeat = { intervalMs: 10_000, timeoutMs: 25_000 };

describe('ready', () => {
  test('is the first message on every connection, with its id and the heartbeat to keep [R59] [R77] [R235]', () => {
    const { connect, clock, gateway } = setUp();
    const client = connect();
    const { connectionId } = gateway.connections()[0]!;
    expect(client.received).toEqual([{ type: 'ready', ts: clock.now(), payload: { connectionId, heartbeat } }]);
  });

  test('tells the configured heartbeat', () => {
    const { connect } = setUp({ timings: { heartbeatIntervalMs: 3_000, heartbeatTimeoutMs: 7_000 } });
    expect(readiesOf(connect())[0]?.heartbeat).toEqual({ intervalMs: 3_000, timeoutMs: 7_000 });
  });

  test('answers an identify with the presence of the group, the new member in it, before anything else [R77] [R82]', async () => {
    const { clock, join } = setUp();
    await join('g');
    await clock.advance(1_000);
    const client = await join('g', { clientType: 'dashboard', metadata: { platform: 'web' } });
    expect(typesOf(client)).toEqual(['ready', 'ready', 'presence_update']);
    const details = { role: 'dashboard', metadata: { platform: 'web' }, members: 2 };
    const [first, second] = readiesOf(client);
    expect(second).toEqual({ connectionId: first?.connectionId, heartbeat, presence: { status: 'UP', details } });
  });

  test('answers an identify without a group without a presence', async () => {
    const { join } = setUp();
    const client = await join();
    expect(typesOf(client)).toEqual(['ready', 'ready']);
    expect(readiesOf(client)[1]).not.toHaveProperty('presence');
  });

  test('answers every identify [R77]', async () => {
    const { clock, join } = setUp();
    const client = await join('g');
    for (const groupId of ['g', 'h', undefined, 'g']) client.send(identify(groupId));
    await clock.settle();
    expect(readiesOf(client)).toHaveLength(6);
  });
});

describe('the first identify', () => {
  test('may name its group on the envelope; the payload comes first [R46]', async () => {
    const { clock, gateway, connect } = setUp();
    const clients = [connect(), connect()];
    clients[0]?.send({ ...identify(), groupId: 'envelope' });
    clients[1]?.send({ ...identify('payload'), groupId: 'envelope' });
    await clock.settle();
    expect(gateway.connections().map(({ groups }) => groups)).toEqual([['envelope'], ['payload']]);
  });

  test('joins at the head: nothing that was said before is heard [R118]', async () => {
    const { clock, join } = setUp();
    const early = await join('g');
    early.send(say('before'));
    await clock.settle();
    const late = await join('g');
    early.send(say('after'));
    await clock.settle();
    expect(late.updates).toMatchObject([{ seq: 2, payload: { data: 'after' } }]);
  });

  test('in the same turn as a message that comes before it: the message is not heard, in the turn of one after it: it is', async () => {
    const { clock, join, connect } = setUp();
    const early = await join('g');
    const late = connect();
    early.send(say('before'));
    late.send(identify('g'));
    late.send(say('mine'));
    await clock.settle();
    expect(late.data).toEqual(['mine']);
    expect(early.data).toEqual(['before', 'mine']);
  });
});

describe('a second identify', () => {
  test('moves to the named group, as the same member of the same connection [R47]', async () => {
    const { clock, gateway, join, recorded } = setUp();
    const [client, left, found] = [await join('old'), await join('old'), await join('new')];
    const { connectionId, memberId } = gateway.connections()[0]!;
    recorded.length = 0;
    client.send(identify('new', { clientType: 'service-node', metadata: { moved: true } }));
    await clock.settle();
    expect(gateway.connections()[0]).toMatchObject({ connectionId, memberId, groups: ['new'], role: 'service-node' });
    expect(recorded.filter(({ name }) => ['leave', 'identify', 'join'].includes(name))).toEqual([
      { name: 'leave', event: { memberId, groupId: 'old' } },
      {
        name: 'identify',
        event: { connectionId, memberId, role: 'service-node', metadata: { moved: true }, groupId: 'new' },
      },
      { name: 'join', event: { connectionId, memberId, groupId: 'new' } },
    ]);
    await clock.advance(1_000);
    expect(presencesOf(left).at(-1)).toMatchObject({ status: 'UP', details: { role: 'app-client', members: 1 } });
    expect(presencesOf(found).at(-1)).toMatchObject({ details: { role: 'service-node', metadata: { moved: true }, members: 2 } });
    left.send(say('in old'));
    found.send(say('in new'));
    await clock.settle();
    expect(client.data).toEqual(['in new']);
  });

  test('without a group stays, with the new role and metadata [R48]', async () => {
    const { clock, gateway, join, events } = setUp();
    const [client, other] = [await join('g'), await join('g')];
    await clock.advance(1_000);
    client.send(identify(undefined, { clientType: 'dashboard', metadata: { n: 2 } }));
    await clock.settle();
    expect(gateway.connections()[0]).toMatchObject({ groups: ['g'], role: 'dashboard', metadata: { n: 2 } });
    const info = { status: 'UP', details: { role: 'dashboard', metadata: { n: 2 }, members: 2 } };
    expect(readiesOf(client).at(-1)).toMatchObject({ presence: info });
    for (const each of [client, other]) expect(presencesOf(each).at(-1)).toEqual(info);
    expect(events('leave')).toEqual([]);
  });

  test('for the group that it is in neither leaves nor joins, and loses nothing', async () => {
    const { clock, join, events } = setUp();
    const [client, other] = [await join('g'), await join('g')];
    other.send(say(1));
    client.send(identify('g'));
    other.send(say(2));
    await clock.settle();
    expect(client.data).toEqual([1, 2]);
    expect(events('join')).toHaveLength(2);
    expect(events('leave')).toEqual([]);
  });

  test('comes after what was said in the old group in the same turn', async () => {
    const { clock, join } = setUp();
    const [client, other] = [await join('old'), await join('old')];
    client.send(say('mine'));
    other.send(say('theirs'));
    client.send(identify('new'));
    await clock.settle();
    expect(client.data).toEqual(['mine', 'theirs']);
    expect(typesOf(client).slice(-4)).toEqual(['data_update', 'data_update', 'ready', 'presence_update']);
  });

  test('of a client that is slow waits until it has everything of its old group', async () => {
    const { clock, join } = setUp({ limits: { socketHighWaterMarkBytes: 2_000 } });
    const [slow, other] = [await join('old'), await join('old')];
    slow.stopReading();
    for (let n = 0; n < 10; n += 1) {
      other.send(say(`${n}${long(1_000)}`));
      await clock.settle();
    }
    slow.send(identify('new'));
    slow.send(say('first in new'));
    await clock.settle();
    other.send(say('last in old'));
    await clock.settle();
    slow.startReading();
    for (let turns = 0; turns < 20; turns += 1) await clock.settle();
    expect(slow.updates.map(({ groupId, seq }) => `${groupId} ${seq}`)).toEqual([
      ...Array.from({ length: 11 }, (_, n) => `old ${n + 1}`),
      'new 1',
    ]);
    expect(typesOf(slow).at(-2)).toBe('presence_update');
  });
});

describe('a refused identify changes nothing', () => {
  test.each([
    ['INVALID_IDENTIFY', { type: 'identify', payload: { clientType: 'toaster', groupId: 'new' } }],
    ['INVALID_IDENTIFY', { ...identify('new', { clientType: 'dashboard' }), version: '2' }],
    ['INVALID_IDENTIFY', identify('new', { metadata: { big: long(4_096) } })],
    ['FORBIDDEN', identify('forbidden', { clientType: 'dashboard', metadata: {} })],
    ['TOO_MANY_GROUPS', identify('one too many', { clientType: 'dashboard', metadata: {} })],
    ['INTERNAL', identify('broken', { clientType: 'dashboard', metadata: {} })],
  ])('%s: who it was and where it was stays [R54]', async (code, envelope) => {
    const { clock, gateway, join, recorded } = setUp({
      limits: { groupsMax: 1 },
      authorize: ({ groupId }) => {
        if (groupId === 'broken') throw new Error('no database');
        return groupId !== 'forbidden';
      },
    });
    const [client, other] = [await join('g'), await join('g')];
    await clock.advance(1_000);
    const { lastSeenAt: _, ...before } = gateway.connections()[0] ?? {};
    recorded.length = 0;
    client.send({ ...envelope, id: 'the second' });
    await clock.settle();
    expect(errorsOf(client)).toMatchObject([{ code, inReplyTo: 'the second' }]);
    expect(recorded.filter(({ name }) => ['identify', 'join', 'presence'].includes(name))).toEqual([]);
    expect(gateway.connections()[0]).toMatchObject(before);
    other.send(say('still here'));
    await clock.settle();
    expect(client.data).toEqual(['still here']);
  });

  test('a client that was never identified is not, and may try again', async () => {
    const { clock, gateway, connect } = setUp({ authorize: ({ groupId }) => groupId !== 'forbidden' });
    const client = connect();
    client.send(identify('forbidden'));
    client.send(say('too early'));
    client.send(identify('g'));
    client.send(say('now'));
    await clock.settle();
    expect(codesOf(client)).toEqual(['FORBIDDEN', 'NOT_IDENTIFIED']);
    expect(client.data).toEqual(['now']);
    expect(gateway.groups().map(({ groupId }) => groupId)).toEqual(['g']);
  });
});
