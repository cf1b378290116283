import { type Broker, MemoryBroker } from 'gateway-core';
import type { FakeClock } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { delayed, paced, waitOn } from './support/asynchronous.js';
import { failing } from './support/failing.js';
import { codesOf, long, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

type Options = Exclude<Parameters<typeof setUp>[0], undefined>;

/** A broker that answers a publish after 10 ms, and has it in the log after 5. */
const slowBroker = (clock: FakeClock): Broker => paced(new MemoryBroker(), ['publish'], delayed(clock, 5));

/** All but `publish`. */
const restOf = (broker: MemoryBroker): Pick<Broker, 'subscribe' | 'history'> => ({
  subscribe: (...args) => broker.subscribe(...args),
  history: (...args) => broker.history(...args),
});

async function joined(options: Options = (clock) => ({ broker: slowBroker(clock) }), identity: { token?: string } = {}) {
  const world = setUp(options);
  const a = new ResumingClient(world.gateway, identity);
  a.connect({ g: {} });
  await world.clock.advance(1_000);
  a.take();
  return { ...world, a };
}

/** What answered the messages, in order. */
const answers = (client: ResumingClient) =>
  client.take().received.flatMap(({ type, payload }) => {
    if (type === 'ack') return [`ack ${payload.id}`];
    return type === 'error' ? [`${payload.code} ${payload.inReplyTo}`] : [];
  });
const ids = (count: number) => Array.from({ length: count }, (_, n) => `m-${n}`);

describe('while a broker beyond a network answers', () => {
  test('one client is not held to one message for each round trip: with 5 ms it sends more than 5,000 a second', async () => {
    let [inFlight, most] = [0, 0];
    const { clock, a } = await joined((fake) => {
      const broker = new MemoryBroker();
      const publish = async (...args: Parameters<MemoryBroker['publish']>) => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        await waitOn(fake, 5)();
        inFlight -= 1;
        return broker.publish(...args);
      };
      return {
        broker: { ...restOf(broker), publish },
        limits: { messagesPerSecondMax: 0, bytesPerSecondMax: 0 },
      };
    });
    for (const id of ids(5_000)) a.say('g', id, id);
    await clock.advance(1_000);
    expect(answers(a)).toEqual(ids(5_000).map((id) => `ack ${id}`));
    expect(a.of('data_update').map(({ payload }) => payload.data)).toEqual(ids(5_000));
    expect(most).toBe(64);
  });

  test('a client is read from until publishesInFlightMax are in flight, and again when one is answered', async () => {
    const { clock, gateway } = setUp((fake) => ({ broker: slowBroker(fake), limits: { publishesInFlightMax: 3 } }));
    const socket = new RecordingSocket(gateway);
    socket.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'g' } });
    await clock.advance(1_000);
    const flow = [...socket.flow];
    for (const n of [0, 1, 2]) socket.send(say(n));
    expect(socket.flow).toEqual(flow);
    socket.send(say(3));
    expect(socket.reading).toBe(false);
    await clock.advance(10);
    expect(socket.reading).toBe(true);
    await clock.advance(10);
    expect(socket.data).toEqual([0, 1, 2, 3]);
  });

  test('a client is not read from while messages as long as messageBytesMax are in flight', async () => {
    const { clock, gateway } = setUp((fake) => ({ broker: slowBroker(fake), limits: { messageBytesMax: 5_000 } }));
    const socket = new RecordingSocket(gateway);
    socket.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'g' } });
    await clock.advance(1_000);
    for (let n = 0; n < 2; n += 1) socket.send(say(long(2_400)));
    socket.send(say(long(300)));
    socket.send(say('waits'));
    expect(socket.reading).toBe(false);
    await clock.advance(5);
    expect(socket.data).toHaveLength(3);
    await clock.advance(20);
    expect(socket.data.at(-1)).toBe('waits');
    expect(socket.reading).toBe(true);
  });

  test('a client is read from for as long as shorter ones are, however many there were', async () => {
    const { clock, gateway } = setUp((fake) => ({ broker: slowBroker(fake), limits: { messageBytesMax: 5_000 } }));
    const socket = new RecordingSocket(gateway);
    socket.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'g' } });
    await clock.advance(1_000);
    for (let n = 0; n < 20; n += 1) {
      socket.send(say(long(1_000)));
      expect(socket.reading).toBe(true);
      await clock.advance(4);
    }
    await clock.advance(10);
    expect(socket.data).toHaveLength(20);
  });

  test('the order holds where a hook that is asked before takes its time for some', async () => {
    let asked = 0;
    const { clock, a } = await joined((fake) => ({
      broker: slowBroker(fake),
      authorize: ({ action }) => {
        asked += 1;
        return action === 'join' || asked % 3 === 0 ? true : waitOn(fake, asked % 4)().then(() => true);
      },
    }));
    for (const id of ids(20)) a.say('g', id, id);
    await clock.advance(1_000);
    expect(answers(a)).toEqual(ids(20).map((id) => `ack ${id}`));
    expect(a.of('data_update').map(({ payload }) => payload.data)).toEqual(ids(20));
  });
});

describe('what answers a connection', () => {
  test('leaves in the order of its messages, in whatever order the broker answers', async () => {
    let calls = 0;
    const { clock, a } = await joined((fake) => {
      const broker = new MemoryBroker();
      const publish: Broker['publish'] = (...args) => {
        const position = broker.publish(...args);
        calls += 1;
        return waitOn(fake, 100 - 10 * calls)().then(() => position);
      };
      return { broker: { ...restOf(broker), publish } };
    });
    a.say('g', 1, 'm-0');
    a.send({ type: 'heartbeat', id: 'm-1', groupId: 'nowhere', sessionId: 's' });
    a.say('g', 2, 'm-2');
    a.send({ type: 'presence', id: 'm-3', groupId: 'g', payload: { state: 1 } });
    a.say('nowhere', 3, 'm-4');
    a.send({ type: 'data_update', id: 'm-5', groupId: 'g', payload: {} });
    a.say('g', 4, 'm-6');
    await clock.advance(85);
    expect(answers(a)).toEqual([]);
    await clock.advance(1_000);
    expect(answers(a)).toEqual([
      'ack m-0',
      'NOT_A_MEMBER m-1',
      'ack m-2',
      'ack m-3',
      'NOT_A_MEMBER m-4',
      'INVALID_ENVELOPE m-5',
      'ack m-6',
    ]);
  });

  test('is not waited for by a heartbeat [R238]', async () => {
    const { a } = await joined();
    a.say('g', 1, 'm-0');
    a.send({ type: 'heartbeat', id: 'm-1', groupId: 'g' });
    const told = a.take().received.map(({ type }) => type);
    expect(told.at(-1)).toBe('heartbeat_ack');
    expect(told).not.toContain('ack');
  });

  test('of messages that change where it speaks waits until what it said before is answered, and so do they', async () => {
    const { clock, a } = await joined();
    const types = () => a.take().received.map(({ type }) => type);
    const before = types().length;
    a.say('g', 'in g', 'm-0');
    a.send({ type: 'join', id: 'm-1', payload: { groupId: 'h' } });
    a.say('h', 'in h', 'm-2');
    a.send({ type: 'leave', id: 'm-3', payload: { groupId: 'h' } });
    a.say('h', 'nowhere', 'm-4');
    a.send({ type: 'identify', id: 'm-5', payload: { clientType: 'dashboard' } });
    a.say('g', 'as a dashboard', 'm-6');
    await clock.advance(1_000);
    expect(answers(a)).toEqual(['ack m-0', 'ack m-1', 'ack m-2', 'ack m-3', 'NOT_A_MEMBER m-4', 'ack m-6']);
    expect(a.of('data_update').map(({ payload }) => payload.data)).toEqual(['in g', 'in h', 'as a dashboard']);
    const told = types()
      .slice(before)
      .filter((type) => type !== 'presence_update' && type !== 'data_update');
    expect(told).toEqual(['ack', 'sync', 'ack', 'ack', 'ack', 'error', 'ready', 'ack']);
  });

  test('in dialect 1, a move takes along everything that the client has said before', async () => {
    const { clock, join } = setUp((fake) => ({ broker: slowBroker(fake) }));
    const client = await join('old');
    for (const n of [0, 1, 2]) client.send(say(n));
    client.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'new' } });
    client.send(say(3));
    await clock.advance(1_000);
    expect(client.updates.map(({ groupId, payload }) => [groupId, payload.data])).toEqual([
      ['old', 0],
      ['old', 1],
      ['old', 2],
      ['new', 3],
    ]);
  });

  test('is one position where a message comes again while the first one is in flight', async () => {
    const { clock, a, events } = await joined();
    for (let n = 0; n < 3; n += 1) a.say('g', 'once', 'm-0');
    await clock.advance(1_000);
    const [first, ...again] = a.of('ack').map(({ payload }) => payload);
    expect(again).toEqual([
      { ...first, duplicate: true },
      { ...first, duplicate: true },
    ]);
    expect(a.of('data_update')).toHaveLength(1);
    expect(events('data')).toHaveLength(1);
  });
});

describe('a broker that fails', () => {
  test.each(['rejects', 'throws'] as const)('and %s fails its message only, in its place', async (how) => {
    const isBad = (_: unknown, message: unknown) => (message as { body: string }).body.includes('bad');
    const { clock, a } = await joined((fake) => ({ broker: failing(slowBroker(fake), 'publish', how, isBad) }));
    a.say('g', 'good', 'm-0');
    a.say('g', 'bad', 'm-1');
    a.say('g', 'good', 'm-2');
    await clock.advance(1_000);
    expect(answers(a)).toEqual(['ack m-0', 'INTERNAL m-1', 'ack m-2']);
    expect(a.of('data_update')).toHaveLength(2);
  });

  test('at each call costs no client its connection either', async () => {
    const { clock, a } = await joined((fake) => ({
      broker: failing(slowBroker(fake), 'publish', 'throws'),
      limits: { errorsBurst: 10, errorsPerSecondMax: 1 },
    }));
    for (const id of ids(50)) a.say('g', id, id);
    await clock.advance(1_000);
    expect(answers(a)).toEqual(ids(50).map((id) => `INTERNAL ${id}`));
    expect(a.connection.closed).toBeUndefined();
  });

  test('to answer is waited for as long as a part is, and costs no client its connection', async () => {
    let isStuck = true;
    const { clock, a } = await joined((fake) => ({
      broker: paced(slowBroker(fake), ['publish'], { before: () => new Promise(() => {}) }, { when: () => isStuck }),
      limits: { errorsBurst: 10, errorsPerSecondMax: 1 },
      timings: { partTimeoutMs: 10_000 },
    }));
    for (const id of ids(100)) a.say('g', id, id);
    for (let second = 0; second < 19; second += 1) {
      await clock.advance(1_000);
      a.connection.ping();
    }
    expect(answers(a)).toEqual(ids(64).map((id) => `INTERNAL ${id}`));
    await clock.advance(2_000);
    expect(answers(a)).toEqual(ids(100).map((id) => `INTERNAL ${id}`));
    isStuck = false;
    a.say('g', 'works', 'm-100');
    await clock.advance(1_000);
    expect(answers(a).at(-1)).toBe('ack m-100');
    expect(a.connection.closed).toBeUndefined();
  });
});

describe('where a connection ends with publishes in flight', () => {
  test.each(['cut', 'kicked', 'resumed elsewhere', 'revoked'])(
    'and is %s, they are accepted once, and nothing else is',
    async (how) => {
      const { clock, gateway, a, events } = await joined((fake) => ({
        broker: slowBroker(fake),
        limits: { publishesInFlightMax: 2 },
      }));
      const first = a.connection;
      for (const id of ids(3)) a.say('g', id, id);
      if (how === 'cut') first.cut();
      else if (how === 'kicked') gateway.disconnect(gateway.connections()[0]?.connectionId as string);
      else if (how === 'revoked') gateway.revoke({ memberId: a.memberId as string });
      else a.connect();
      await clock.advance(1_000);
      expect(events('data').map(({ data }) => data)).toEqual(ids(2));
      expect(gateway.stats()).toMatchObject({ publishedTotal: 2, errorsSentTotal: 0 });
      expect(first.closed).toBeDefined();
      if (how !== 'resumed elsewhere') return;
      // What it cannot know of, it says again.
      for (const id of ids(3)) a.say('g', id, id);
      await clock.advance(1_000);
      expect(a.of('ack').map(({ payload }) => payload.duplicate)).toEqual([true, true, undefined]);
      expect(a.logs.get('g')?.seen).toEqual([1, 2, 3]);
    },
  );

  test('and its credentials expire, what it says from then on is not taken', async () => {
    const { clock, a, events } = await joined((fake) => ({
      broker: paced(new MemoryBroker(), ['publish'], { after: waitOn(fake, 50) }),
      authenticate: () => ({ expiresAt: fake.now() + 1_010 }),
      timings: { sweepIntervalMs: 10_000, presenceLeaseMs: 30_000 },
    }));
    a.say('g', 'in time', 'm-0');
    await clock.advance(20);
    a.say('g', 'too late', 'm-1');
    await clock.advance(1_000);
    expect(events('data').map(({ data }) => data)).toEqual(['in time']);
    expect(a.connection.closed).toMatchObject({ code: 4001 });
  });

  test('because the gateway drains, they are answered first', async () => {
    const { clock, gateway, a } = await joined((fake) => ({
      broker: paced(new MemoryBroker(), ['publish'], { before: waitOn(fake, 50), after: waitOn(fake, 50) }),
    }));
    for (const id of ids(3)) a.say('g', id, id);
    const closing = gateway.close({ graceMs: 10_000 });
    await clock.advance(90);
    expect(a.of('reconnect')).toEqual([]);
    await clock.advance(10_000);
    await closing;
    const told = a.take().received.map(({ type }) => type);
    expect(answers(a)).toEqual(ids(3).map((id) => `ack ${id}`));
    expect(told.lastIndexOf('ack')).toBeLessThan(told.indexOf('reconnect'));
  });
});

test('an error of dialect 1 stands in its place as well', async () => {
  const { clock, join } = setUp((fake) => ({ broker: failing(slowBroker(fake), 'publish', 'rejects', () => true) }));
  const client = await join('g');
  client.send(say(1));
  client.send(say(2, { groupId: 'nowhere' }));
  await clock.advance(1_000);
  expect(codesOf(client)).toEqual(['INTERNAL', 'NOT_A_MEMBER']);
});
