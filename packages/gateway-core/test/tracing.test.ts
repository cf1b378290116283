import { createGateway, MemoryBroker, type Tracer } from 'gateway-core';
import { connectClient } from 'gateway-core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { codesOf, identify, long, say } from './support/messages.js';
import { forEachPace } from './support/paces.js';
import { RecordingSocket } from './support/recording-socket.js';
import { RecordingTracer, traceparentOf } from './support/recording-tracer.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';
import { withSlow } from './support/slow-member.js';

const SENT = traceparentOf(7);

describe('a data_update that is recorded', () => {
  test('goes to every receiver with the traceparent of its span, replays included [R261] [R262]', async () => {
    const tracer = new RecordingTracer();
    const { clock, gateway, join, events } = setUp({ tracer });
    const clients = [await join('g'), await join('g')];
    clients[0]!.send(say(1, { traceparent: SENT, id: 'm', traceId: 't' }));
    await clock.settle();
    const late = new ResumingClient(gateway);
    late.connect({ g: { tail: 1 } });
    await clock.settle();
    const [recorded, joining] = tracer.messages;
    for (const client of clients) expect(client.updates).toMatchObject([{ traceparent: recorded!.own, traceId: 't' }]);
    expect(late.connection.updates).toMatchObject([{ traceparent: recorded!.own }]);
    expect(events('data')).toMatchObject([{ traceparent: recorded!.own }]);
    const { connectionId, memberId } = gateway.connections()[0]!;
    expect(recorded).toMatchObject({
      operation: 'data_update',
      traceparent: SENT,
      groupId: 'g',
      id: 'm',
      traceId: 't',
      connectionId,
      memberId,
      parts: ['broker.publish'],
      outcomes: [{ position: { seq: 1, epoch: gateway.groups()[0]!.position.epoch } }],
    });
    expect(joining).toBeUndefined();
    // Replays are no deliveries of their own.
    expect(tracer.deliveries).toHaveLength(1);
  });

  test('has one span for all who are written it, ended when all who keep up have it', async () => {
    const tracer = new RecordingTracer();
    const { clock, gateway, join } = setUp({ tracer });
    const clients = [await join('g'), await join('g'), await join('g'), await join('elsewhere')];
    clients[0]!.send(say(1, { traceparent: SENT }));
    await join('g');
    await clock.settle();
    const { epoch } = gateway.groups()[0]!.position;
    // Who joined behind it is not counted.
    const delivery = { groupId: 'g', epoch, seq: 1, traceparent: tracer.messages[0]!.own, reached: [{ written: 3, behind: 0 }] };
    expect(tracer.deliveries).toEqual([delivery]);
  });

  test('does not wait for a slow member, which is counted as behind', async () => {
    const tracer = new RecordingTracer();
    const { clock, healthy, sayAndSettle } = await withSlow({
      tracer,
      limits: { messagesPerSecondMax: 0, bytesPerSecondMax: 0, socketHighWaterMarkBytes: 3_000 },
      timings: { heartbeatTimeoutMs: 1_000_000, identifyTimeoutMs: 1_000_000 },
    });
    await sayAndSettle(1, 2, 3);
    healthy.send(say(4, { traceparent: SENT }));
    await clock.settle();
    expect(tracer.deliveries).toMatchObject([{ seq: 4, reached: [{ written: 1, behind: 1 }] }]);
  });

  test('is no delivery where nobody is there to be written it', async () => {
    const tracer = new RecordingTracer();
    const { clock, gateway } = setUp({ tracer });
    await gateway.publish('g', 1, { traceparent: SENT });
    await clock.settle();
    expect(tracer.messages).toMatchObject([{ operation: 'publish', outcomes: [{ position: { seq: 1 } }] }]);
    expect(tracer.deliveries).toEqual([]);
  });

  test('ends once, also where the log is lost before the end of the turn', async () => {
    const tracer = new RecordingTracer();
    const broker = new MemoryBroker();
    const receivers: Parameters<MemoryBroker['subscribe']>[1][] = [];
    const subscribe = broker.subscribe.bind(broker);
    broker.subscribe = (groupId, receiver) => {
      receivers.push(receiver);
      return subscribe(groupId, receiver);
    };
    const { join } = setUp({ tracer, broker });
    const client = await join('g');
    client.send(say(1, { traceparent: SENT }));
    expect(tracer.deliveries).toMatchObject([{ reached: [] }]);
    receivers[0]!.reset({ epoch: 'another', seq: 0 });
    expect(tracer.deliveries).toMatchObject([{ reached: [{ written: 1, behind: 0 }] }]);
  });

  test('is found in the log whatever its length, its seq and what is before it', async () => {
    const tracer = new RecordingTracer();
    const { clock, join, gateway } = setUp({ tracer, limits: { messagesPerSecondMax: 0, bytesPerSecondMax: 0 } });
    const client = await join('g');
    const lengths = [0, 100, 1_000, 70_000, 0, 30, 40_000, 0, 0, 0, 0, 200_000];
    for (const length of lengths) {
      client.send(say(long(length), { traceparent: SENT }));
      client.send(say(long(length), { traceparent: traceparentOf(8, '00') }));
      await gateway.publish('g', length);
    }
    await clock.settle();
    expect(tracer.deliveries.map(({ seq }) => seq)).toEqual(lengths.map((_, at) => 3 * at + 1));
    expect(tracer.deliveries.map(({ traceparent }) => traceparent)).toEqual(tracer.messages.map(({ own }) => own));
  });

  test.each(['"tr":1,"ts":1', '"tr', 't', ''])('is not what another program has put into the log: %s', async (body) => {
    const tracer = new RecordingTracer();
    const broker = new MemoryBroker();
    const { join, clock } = setUp({ tracer, broker });
    const client = await join('g');
    for (let n = 0; n < 20; n += 1) client.send(say(n, { traceparent: SENT }));
    await clock.settle();
    broker.publish('g', { body });
    await clock.settle();
    expect(tracer.deliveries).toHaveLength(20);
  });

  test('is followed at every gateway that shares the broker', async () => {
    const [here, there] = [new RecordingTracer(), new RecordingTracer()];
    const broker = new MemoryBroker();
    const { clock, join } = setUp({ tracer: here, broker });
    const other = createGateway({ tracer: there, broker, clock });
    onTestFinished(async () => {
      const closing = other.close({ graceMs: 0 });
      await clock.advance(60_000);
      await closing;
    });
    const [sender, receiver] = [await join('g'), connectClient(other)];
    receiver.send(identify('g'));
    await clock.settle();
    sender.send(say(1, { traceparent: SENT }));
    await clock.settle();
    const { own } = here.messages[0]!;
    expect(there.messages).toEqual([]);
    for (const { deliveries } of [here, there]) {
      expect(deliveries).toMatchObject([{ traceparent: own, groupId: 'g', seq: 1, reached: [{ written: 1, behind: 0 }] }]);
    }
    expect(receiver.updates).toMatchObject([{ traceparent: own }]);
  });
});

test('what is not recorded is passed on as it came, and followed nowhere [R261]', async () => {
  const tracer = new RecordingTracer();
  const { clock, gateway, join } = setUp({ tracer, authorize: () => true });
  const client = await join('g');
  client.send(say(1, { traceparent: traceparentOf(7, '00') }));
  client.send(say(2));
  await gateway.publish('g', 3, { traceparent: traceparentOf(8, '02') });
  await clock.settle();
  const told = client.updates.map(({ traceparent }) => traceparent);
  expect(told).toEqual([traceparentOf(7, '00'), undefined, traceparentOf(8, '02')]);
  expect(tracer).toMatchObject({ messages: [], deliveries: [], passedOver: 4 });
});

test.each([true, false, undefined])('a tracer whose sampledOnly is %s is asked about that', async (sampledOnly) => {
  const asked: (string | undefined)[] = [];
  const message: Tracer['message'] = ({ operation, traceparent }) => void asked.push(traceparent ?? operation);
  const { clock, gateway } = setUp({ tracer: { sampledOnly, message, delivery: () => undefined } });
  const connect = (flags: string) =>
    new RecordingSocket(gateway, { remoteAddress: 'a', request: { headers: { traceparent: traceparentOf(1, flags) } } as never });
  for (const flags of ['00', '01']) connect(flags).send(identify('g'));
  const socket = connect('00');
  socket.send(identify('g'));
  await clock.settle();
  for (const flags of ['00', '01', '02', 'ff']) socket.send(say(1, { traceparent: traceparentOf(2, flags) }));
  socket.send(say(1));
  // Its host has other ways to say where it is.
  await gateway.publish('g', 1);
  await clock.settle();
  const sampled = [traceparentOf(1), traceparentOf(2), traceparentOf(2, 'ff'), 'publish'];
  expect(asked.filter((one) => sampledOnly !== true || sampled.includes(one as string))).toEqual(asked);
  expect(asked).toHaveLength(sampledOnly ? 4 : 9);
});

test('a trace that the gateway begins is told to receivers too [R261]', async () => {
  const tracer = new RecordingTracer(true);
  const { clock, join } = setUp({ tracer });
  const client = await join('g');
  client.send(say(1));
  await clock.settle();
  const [, said] = tracer.messages;
  expect(said).toMatchObject({ operation: 'data_update', traceparent: undefined });
  expect(client.updates).toMatchObject([{ traceparent: said!.own }]);
  expect(tracer.deliveries).toMatchObject([{ traceparent: said!.own }]);
});

forEachPace((setUp) => {
  test('the parts that an identify, a join, a presence and a data_update wait for are in their spans', async () => {
    const tracer = new RecordingTracer(true);
    const { gateway, settle, connect } = setUp({ tracer, authenticate: () => true, authorize: () => true });
    const first = connect();
    first.send(identify('g'));
    await settle();
    first.send(say(1, { sessionId: 's' }, { meta: { label: 'x' } }));
    await settle();
    const second = new ResumingClient(gateway);
    second.connect({ h: { tail: 5 } });
    await settle();
    second.take();
    second.connection.send({ type: 'join', id: 'j', payload: { groupId: 'i' } });
    second.connection.send({ type: 'presence', groupId: 'i', payload: { state: 1 } });
    second.connection.send({ type: 'leave', payload: { groupId: 'i' } });
    second.connection.send({ type: 'heartbeat' });
    await settle();
    // Its token stands for it.
    second.connection.close(4_900);
    await settle();
    second.connect();
    await settle();
    const asked = tracer.messages.map(({ operation, groupId, parts }) => [
      operation,
      groupId,
      // Only a store that does not answer at once is waited for.
      ...parts.filter((part) => part !== 'presence.list'),
    ]);
    expect(asked).toEqual([
      ['identify', 'g', 'authenticate', 'authorize', 'broker.subscribe', 'presence.enter', 'presence.info'],
      ['data_update', 'g', 'authorize', 'sessions', 'broker.publish'],
      ['identify', undefined, 'authenticate', 'authorize', 'broker.subscribe', 'presence.enter'],
      ['join', 'i', 'authorize', 'broker.subscribe', 'presence.enter'],
      ['presence', 'i', 'authorize'],
      ['identify', undefined, 'members.find', 'authenticate', 'authorize', 'authorize', 'presence.enter', 'members.takeOver'],
    ]);
    for (const { outcomes } of tracer.messages) expect(outcomes).toHaveLength(1);
  });
});

test('the upgrade request is the parent of the first identify, and of nothing else', async () => {
  const tracer = new RecordingTracer();
  const { clock, gateway } = setUp({ tracer });
  const socket = new RecordingSocket(gateway, { remoteAddress: 'a', request: { headers: { traceparent: SENT } } as never });
  socket.send(identify('g'));
  await clock.settle();
  socket.send(identify('g'));
  socket.send(say(1));
  const wrong = new RecordingSocket(gateway, { remoteAddress: 'a', request: { headers: { traceparent: 'x' } } as never });
  wrong.send(identify('g'));
  const own = new RecordingSocket(gateway, { remoteAddress: 'a', request: { headers: { traceparent: SENT } } as never });
  own.send({ ...identify('g'), traceparent: traceparentOf(9) });
  await clock.settle();
  expect(tracer.messages.map(({ traceparent }) => traceparent)).toEqual([SENT, traceparentOf(9)]);
});

describe('a span ends with what has become of its message', () => {
  test('refused', async () => {
    const tracer = new RecordingTracer();
    const { clock, join } = setUp({ tracer, authorize: ({ action }) => action === 'join' });
    const client = await join('g');
    client.send(say(1, { traceparent: SENT }));
    client.send(say(2, { traceparent: SENT, groupId: 'h' }));
    await clock.settle();
    expect(tracer.messages.map(({ groupId, outcomes }) => [groupId, outcomes])).toEqual([
      ['g', [{ refused: 'FORBIDDEN' }]],
      ['h', [{ refused: 'NOT_A_MEMBER' }]],
    ]);
  });

  test('done, without a place in a log where it has none', async () => {
    const tracer = new RecordingTracer();
    const { clock, gateway } = setUp({ tracer });
    const client = new ResumingClient(gateway).connect({ g: {} });
    await clock.settle();
    client.send({ type: 'presence', groupId: 'g', traceparent: SENT, payload: { state: 1 } });
    await clock.settle();
    expect(tracer.messages.map(({ operation, outcomes }) => [operation, outcomes])).toEqual([['presence', [{}]]]);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('no database');
      },
      'no database',
    ],
    ['rejects', () => Promise.reject(new Error('no database')), 'no database'],
    ['does not answer', () => new Promise<never>(() => {}), 'partTimeoutMs'],
  ])('failed, where the hook %s', async (_, hook, words) => {
    const tracer = new RecordingTracer();
    let isJoining = true;
    const { clock, join } = setUp({ tracer, authorize: () => isJoining || hook() });
    const client = await join('g');
    isJoining = false;
    client.send(say(1, { traceparent: SENT }));
    await clock.advance(60_000);
    const { parts, outcomes } = tracer.messages[0]!;
    expect(parts).toEqual(['authorize!']);
    expect(outcomes).toEqual([{ error: expect.objectContaining({ message: expect.stringContaining(words) }) }]);
  });

  test('failed, where the broker does; and accepted before, where it says so', async () => {
    const tracer = new RecordingTracer();
    const broker = new MemoryBroker();
    const { clock, gateway } = setUp({ tracer, broker });
    const member = new ResumingClient(gateway);
    const client = member.connect({ g: {} });
    await clock.settle();
    for (const data of [1, 1]) client.send(say(data, { groupId: 'g', id: 'm', traceparent: SENT }));
    await clock.settle();
    Object.assign(broker, { publish: () => Promise.reject(new Error('away')) });
    client.send(say(2, { groupId: 'g', id: 'm-2', traceparent: SENT }));
    await expect(gateway.publish('g', 3, { traceparent: SENT })).rejects.toThrow('away');
    await clock.settle();
    const epoch = expect.any(String);
    const error = new Error('away');
    expect(tracer.messages.map(({ outcomes }) => outcomes)).toEqual([
      [{ position: { epoch, seq: 1 } }],
      [{ position: { epoch, seq: 1, duplicate: true } }],
      [{ error }],
      [{ error }],
    ]);
    expect(tracer.deliveries).toHaveLength(1);
  });
});

test.each(['message', 'delivery', 'end', 'part before the call', 'part after the call'])(
  'a tracer whose %s throws is reported, and no message is lost to it or said twice',
  async (what) => {
    const fail = (): never => {
      throw new Error('no collector');
    };
    const tracer: Tracer = new RecordingTracer();
    const failing: Tracer = {
      message(message) {
        if (what === 'message') fail();
        const span = tracer.message(message);
        if (span === undefined) return undefined;
        return {
          ...span,
          ...(what === 'end' && { end: fail }),
          part(name, call) {
            if (what === 'part before the call') fail();
            const answer = span.part(name, call);
            return what === 'part after the call' ? fail() : answer;
          },
        };
      },
      delivery(delivery) {
        if (what === 'delivery') fail();
        return what === 'end' ? { end: fail } : tracer.delivery(delivery);
      },
    };
    const { clock, gateway, join, events } = setUp({ tracer: failing });
    const client = await join('g');
    client.send(say(1, { traceparent: SENT }));
    await gateway.publish('g', 2, { traceparent: SENT });
    await clock.settle();
    expect(client.data).toEqual([1, 2]);
    expect(codesOf(client)).toEqual([]);
    const errors = new Set(events('error').map(({ where, error }) => `${where}: ${error}`));
    expect([...errors]).toEqual(['tracer: Error: no collector']);
  },
);

describe.each(['at once', 'later'])('a tracer that breaks its word, beside parts that answer %s', (pace) => {
  const span = { traceparent: traceparentOf(9), part: <T>(_: string, call: () => T) => call(), end: () => {} };
  const fail = (): never => {
    throw new Error('no collector');
  };
  const failLater = async (): Promise<never> => fail();

  test.each<[string, unknown, string[]]>([
    ['has no traceparent', { ...span, traceparent: undefined }, ['TypeError']],
    ['has one that is none', { ...span, traceparent: '"}\n{' }, ['TypeError']],
    [
      'throws where it is read',
      {
        ...span,
        get traceparent() {
          return fail();
        },
      },
      ['Error', 'TypeError'],
    ],
    ['is a number', 5, ['TypeError']],
    ['is null', null, []],
    ['is promised', Promise.resolve(span), ['TypeError']],
    ['is a promise that fails', failLater, ['Error', 'TypeError']],
    ['makes a call twice', { ...span, part: <T>(_: string, call: () => T) => [call(), call()][1] }, []],
    ['makes no call', { ...span, part: () => undefined }, []],
    ['answers another thing', { ...span, part: <T>(_: string, call: () => T) => [call()] }, []],
    ['never answers', { ...span, part: <T>(_: string, call: () => T) => [call(), new Promise(() => {})][1] }, []],
    ['fails after the call', { ...span, part: async <T>(_: string, call: () => T) => [await call(), fail()] }, ['Error']],
    ['fails as it ends', { ...span, end: failLater }, ['Error']],
  ])('its span %s: nothing is lost, or said twice', async (_, made, names) => {
    const answer = () => (typeof made === 'function' ? made() : made);
    const { clock, gateway, join, events } = setUp({
      authorize: () => (pace === 'later' ? Promise.resolve(true) : true),
      tracer: { message: answer, delivery: () => ({ end: failLater }) } as unknown as Tracer,
    });
    const client = await join('g');
    client.send(say(1, { traceparent: SENT }));
    await clock.settle();
    await gateway.publish('g', 2, { traceparent: SENT });
    await clock.settle();
    expect(client.data).toEqual([1, 2]);
    for (const { traceparent } of client.updates) expect([SENT, span.traceparent]).toContain(traceparent);
    expect(codesOf(client)).toEqual([]);
    const errors = events('error').map(({ where, error }) => `${where}: ${(error as Error).name}`);
    expect(new Set(errors)).toEqual(new Set(['Error', ...names].map((name) => `tracer: ${name}`)));
  });

  test('a failure of a part is its own, also where the tracer passes it on', async () => {
    const refuse = () => {
      throw new Error('no database');
    };
    const { clock, join, events } = setUp({
      authorize: ({ action }) => action === 'join' || (pace === 'later' ? Promise.resolve().then(refuse) : refuse()),
      tracer: {
        message: () => ({ ...span, part: async <T>(_: string, call: () => T) => await call() }),
        delivery: () => undefined,
      } as unknown as Tracer,
    });
    const client = await join('g');
    client.send(say(1, { traceparent: SENT }));
    await clock.settle();
    expect(codesOf(client)).toEqual(['INTERNAL']);
    expect(events('error').map(({ where }) => where)).toEqual(['data_update']);
  });
});

test('a part that fails is answered as without a tracer, and the tracer is not blamed', async () => {
  const tracer = new RecordingTracer();
  const { clock, join, events } = setUp({
    tracer,
    authorize: ({ action }) => {
      if (action === 'join') return true;
      throw new Error('no database');
    },
  });
  const client = await join('g');
  client.send(say(1, { traceparent: SENT }));
  await clock.settle();
  expect(codesOf(client)).toEqual(['INTERNAL']);
  expect(events('error').map(({ where, error }) => `${where}: ${error}`)).toEqual(['data_update: Error: no database']);
});
