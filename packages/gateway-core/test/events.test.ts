import type { GatewayEvents } from 'gateway-core';
import { describe, expect, test, vi } from 'vitest';
import { identify, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

describe('events', () => {
  test('tell the whole life of a connection, in order', async () => {
    const { clock, gateway, join, recorded } = setUp();
    const client = await join('g', { metadata: { n: 1 } });
    const { connectionId, memberId } = gateway.connections()[0]!;
    client.send(say(1));
    await clock.settle();
    client.send(identify('h', { clientType: 'dashboard' }));
    await clock.settle();
    client.close(1000, 'bye');
    const sent = [identify('g', { metadata: { n: 1 } }), say(1), identify('h', { clientType: 'dashboard' })];
    const bytesIn = sent.reduce((sum, message) => sum + Buffer.byteLength(JSON.stringify(message)), 0);
    // Frames of up to 125 bytes have a header of two, longer ones of four (RFC 6455 §5.2).
    const bytesOut = client.texts.reduce((sum, text) => sum + Buffer.byteLength(text) + (text.length > 125 ? 4 : 2), 0);
    expect(recorded.filter(({ name }) => name !== 'presence' && name !== 'published')).toEqual([
      { name: 'connection', event: { connectionId, remoteAddress: '127.0.0.1' } },
      { name: 'identify', event: { connectionId, memberId, role: 'app-client', metadata: { n: 1 }, groupId: 'g' } },
      { name: 'join', event: { connectionId, memberId, groupId: 'g' } },
      { name: 'data', event: expect.objectContaining({ groupId: 'g', seq: 1 }) },
      { name: 'leave', event: { memberId, groupId: 'g' } },
      { name: 'identify', event: { connectionId, memberId, role: 'dashboard', metadata: undefined, groupId: 'h' } },
      { name: 'join', event: { connectionId, memberId, groupId: 'h' } },
      { name: 'leave', event: { memberId, groupId: 'h' } },
      { name: 'disconnect', event: { connectionId, memberId, code: 1000, reason: 'bye', by: 'client', bytesIn, bytesOut } },
    ]);
  });

  test('data has everything that a receiver gets, and the place of the message', async () => {
    const { clock, gateway, join, events } = setUp();
    const client = await join('g');
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const envelope = { ts: 1, traceId: 't', traceparent, sessionId: 's', id: 'm', delivery: 'latest', key: 'k' };
    client.send(say({ n: [1] }, envelope, { meta: { label: 'x' } }));
    client.send(say(2));
    await clock.settle();
    const { position } = gateway.groups()[0]!;
    const from = gateway.connections()[0]?.memberId;
    expect(events('data')).toEqual([
      {
        ...envelope,
        groupId: 'g',
        epoch: position.epoch,
        seq: 1,
        from,
        data: { n: [1] },
        dataText: '{"n":[1]}',
        meta: { label: 'x' },
      },
      { groupId: 'g', epoch: position.epoch, seq: 2, from, data: 2, dataText: '2', ts: clock.now() },
    ]);
  });

  test('published tells of everything that is logged, as members receive it, whoever published it', async () => {
    const { clock, gateway, join, events } = setUp();
    const client = await join('g');
    client.send(say({ n: 1 }, { id: 'm', delivery: 'latest', key: 'k' }));
    await clock.settle();
    await gateway.publish('g', 'from the server');
    await clock.settle();
    const { epoch } = gateway.groups()[0]!.position;
    expect(events('published').map(({ text: _, ...rest }) => rest)).toEqual([
      { groupId: 'g', epoch, seq: 1 },
      { groupId: 'g', epoch, seq: 2 },
    ]);
    expect(events('published').map(({ text }) => JSON.parse(text))).toEqual(
      client.received.filter(({ type }) => type === 'data_update'),
    );
  });

  test('refused tells of every error that a client was answered', async () => {
    const { clock, gateway, join, events } = setUp();
    const client = await join('g');
    client.send({ type: 'data_update', groupId: 'elsewhere', traceId: 't', payload: { data: 1 } });
    await clock.settle();
    const { connectionId, memberId } = gateway.connections()[0]!;
    expect(events('refused')).toEqual([
      { connectionId, memberId, code: 'NOT_A_MEMBER', message: expect.stringContaining('group'), traceId: 't' },
    ]);
  });

  test('presence tells what goes out to members here, and is silent where there are none', async () => {
    const { clock, join, events } = setUp();
    const client = await join('g');
    client.close();
    await clock.advance(5_000);
    expect(events('presence')).toMatchObject([{ groupId: 'g', info: { status: 'UP' } }]);
  });

  test.each([
    ['a clean close', 1000, (client: { close(): void }) => client.close()],
    ['a lost connection', 1006, (client: { cut(): void }) => client.cut()],
  ])('disconnect comes once, with the code: %s', async (_name, code, end) => {
    const { clock, join, events } = setUp();
    const client = await join('g');
    end(client);
    end(client);
    await clock.advance(100_000);
    expect(events('disconnect')).toMatchObject([{ code }]);
  });
});

test('a client that breaks the WebSocket protocol is closed with the code of its fault, and may come back as who it was', async () => {
  const { clock, gateway, events } = setUp();
  const socket = new RecordingSocket(gateway);
  socket.send(identify('g'));
  await clock.settle();
  socket.listener.failed(1007, 'not UTF-8');
  expect(socket.closes).toEqual([{ code: 1007, reason: 'not UTF-8' }]);
  socket.listener.closed(1006, '');
  expect(events('disconnect')).toMatchObject([{ code: 1007, reason: 'not UTF-8' }]);
  expect(await gateway.presence('g')).toMatchObject({ status: 'DEGRADED' });
});

describe('on', () => {
  test('returns what stops listening, and doing so twice is no error', async () => {
    const { gateway, connect } = setUp();
    const seen: string[] = [];
    const off = gateway.on('connection', ({ connectionId }) => seen.push(connectionId));
    connect();
    off();
    off();
    connect();
    expect(seen).toHaveLength(1);
  });

  test('with one function twice calls it twice, and is undone one by one', () => {
    const { gateway, connect } = setUp();
    const listener = vi.fn();
    const off = gateway.on('connection', listener);
    gateway.on('connection', listener);
    connect();
    expect(listener).toHaveBeenCalledTimes(2);
    off();
    connect();
    expect(listener).toHaveBeenCalledTimes(3);
  });

  test('calls listeners in the order in which they were added', () => {
    const { gateway, connect } = setUp();
    const order: number[] = [];
    for (const n of [1, 2, 3]) gateway.on('connection', () => order.push(n));
    connect();
    expect(order).toEqual([1, 2, 3]);
  });

  test('while the event is emitted is for the next one', async () => {
    const { gateway, connect } = setUp();
    const heard: string[] = [];
    let off = () => {};
    const again = ({ connectionId }: { connectionId: string }) => {
      heard.push(connectionId);
      off();
      if (heard.length < 10) off = gateway.on('connection', again);
    };
    off = gateway.on('connection', again);
    connect();
    connect();
    expect(heard).toHaveLength(2);
    expect(new Set(heard).size).toBe(2);
  });

  test('lets a listener stop itself while it is called', () => {
    const { gateway, connect } = setUp();
    const once = vi.fn(() => off());
    const off = gateway.on('connection', once);
    const other = vi.fn();
    gateway.on('connection', other);
    connect();
    connect();
    expect(once).toHaveBeenCalledTimes(1);
    expect(other).toHaveBeenCalledTimes(2);
  });
});

const NAMES: (keyof GatewayEvents)[] = [
  'connection',
  'identify',
  'join',
  'leave',
  'data',
  'presence',
  'sessionOpened',
  'sessionUpdated',
  'sessionExpired',
  'disconnect',
];

describe.each(['throws', 'rejects'])('a listener that %s', (how) => {
  const fail = () => {
    const error = new Error('a bad listener');
    if (how === 'rejects') return Promise.reject(error) as never;
    throw error;
  };

  test.each(NAMES)('to %s is reported as an error event, and harms nothing', async (name) => {
    const { clock, gateway, join, events } = setUp();
    gateway.on(name, fail);
    const after = vi.fn();
    gateway.on(name, after);
    const [client, other] = [await join('g'), await join('g')];
    for (let n = 0; n < 2; n += 1) client.send(say(n, { sessionId: 's' }, { meta: {} }));
    await clock.settle();
    other.send(identify('h'));
    await clock.advance(16_000);
    client.close();
    await clock.settle();
    const reports = events('error');
    expect(reports.length).toBeGreaterThan(0);
    expect(after).toHaveBeenCalledTimes(reports.length);
    for (const report of reports)
      expect(report).toMatchObject({ error: new Error('a bad listener'), where: `listener of ${name}` });
    expect(client.data).toEqual([0, 1]);
    expect(events('disconnect')).toHaveLength(1);
    expect(gateway.groups().map(({ connections }) => connections)).toEqual([0, 1]);
  });

  test('to error is only logged, so that it is not told of itself for ever', async () => {
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const { clock, gateway, connect, events } = setUp({ logger });
    gateway.on('connection', fail);
    gateway.on('error', fail);
    connect();
    await clock.settle();
    expect(events('error')).toHaveLength(1);
    expect(logger.error.mock.calls.map(([, meta]) => meta.where)).toEqual(['listener of connection', 'listener of error']);
  });
});

describe('a listener may use the gateway', () => {
  test('to answer in the group', async () => {
    const { clock, gateway, join } = setUp();
    gateway.on('data', ({ groupId, data }) => void gateway.publish(groupId, `echo ${data}`));
    const client = await join('g');
    client.send(say('a'));
    client.send(say('b'));
    await clock.settle();
    expect(client.updates.map(({ seq, payload }) => [seq, payload.data])).toEqual([
      [1, 'a'],
      [2, 'echo a'],
      [3, 'b'],
      [4, 'echo b'],
    ]);
  });

  test.each(['connection', 'identify', 'join', 'data'] as const)('to disconnect who it hears of, in %s', async (name) => {
    const { clock, gateway, join, events } = setUp();
    gateway.on(name, () => {
      for (const { connectionId, role } of gateway.connections()) if (role !== 'dashboard') gateway.disconnect(connectionId);
    });
    const other = await join('g', { clientType: 'dashboard' });
    const client = await join('g');
    client.send(say(1));
    await clock.settle();
    expect(client.closed?.code).toBe(4003);
    expect(events('disconnect').filter(({ code }) => code === 4003).length).toBeGreaterThan(0);
    expect(gateway.groups().some(({ connections }) => connections > 0)).toBe(other.closed === undefined);
  });

  test.each([undefined, 'before'])(
    'to disconnect in identify: all that is told of the member stands in order, the end last (from %s)',
    async (before) => {
      const { clock, gateway, join, recorded } = setUp();
      const client = await join(before);
      gateway.on('identify', ({ connectionId }) => gateway.disconnect(connectionId));
      client.send(identify('g'));
      await clock.settle();
      const ends = recorded.flatMap(({ name, event }) => ('groupId' in event && event.groupId === 'g' ? [name] : []));
      expect(ends).toEqual(['identify', 'join', 'leave']);
      expect(recorded.at(-1)?.name).toBe('disconnect');
      expect(await gateway.presence('g')).toMatchObject({ status: 'DOWN' });
    },
  );

  test('to disconnect a mover in leave: it is in no group any more, and what is told stands in order', async () => {
    const { clock, gateway, join, recorded } = setUp();
    const client = await join('before');
    gateway.on('leave', () => {
      for (const { connectionId } of gateway.connections()) gateway.disconnect(connectionId);
    });
    client.send(identify('after'));
    await clock.settle();
    expect(gateway.groups().map(({ connections }) => connections)).toEqual([0, 0]);
    expect(await gateway.presence('after')).toMatchObject({ status: 'DOWN' });
    const told = recorded.flatMap(({ name, event }) => (name === 'join' || name === 'leave' ? [`${name} ${event.groupId}`] : []));
    expect(told).toEqual(['join before', 'leave before', 'join after', 'leave after']);
    expect(recorded.at(-1)?.name).toBe('disconnect');
  });
});

test('a listener whose promise of another library rejects is reported, as any that rejects', async () => {
  const { clock, gateway, connect, events } = setUp();
  const rejecting = (_: unknown, reject: (error: Error) => void) => reject(new Error('no disk'));
  const thenable = Object.fromEntries([['then', rejecting]]);
  gateway.on('connection', (() => thenable) as never);
  connect();
  await clock.settle();
  expect(events('error')).toMatchObject([{ where: 'listener of connection', error: new Error('no disk') }]);
});
