import { MemoryBroker } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { identify, long, say } from './support/messages.js';
import { setUp } from './support/set-up.js';
import { withSlow } from './support/slow-member.js';

/** What rejects unhandled while `act` is done and in the turns after it. */
async function unhandledIn(act: () => void): Promise<unknown[]> {
  const listeners = process.listeners('unhandledRejection');
  const reasons: unknown[] = [];
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', (reason) => reasons.push(reason));
  try {
    act();
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
  }
  return reasons;
}

describe('a publish that nobody awaits', () => {
  test.each([
    ['what it is given is wrong', {}, () => ['g', undefined]],
    ['the broker fails', { broker: failingBroker() }, () => ['g', 1]],
  ] as const)('is an unhandled rejection, once, where %s', async (_, options, args) => {
    const { gateway } = setUp(options);
    const reasons = await unhandledIn(() => void gateway.publish(...(args() as ['g', unknown])));
    expect(reasons).toEqual([expect.any(Error)]);
    expect(await unhandledIn(() => void gateway.publish(...(args() as ['g', unknown])).catch(() => {}))).toEqual([]);
  });
});

function failingBroker(): MemoryBroker {
  return Object.assign(new MemoryBroker(), { publish: () => Promise.reject(new Error('no disk')) });
}

describe('publish', () => {
  test('reaches every member as the server: without from, with the time of now, and answers where it is in the log [R10]', async () => {
    const { clock, gateway, join } = setUp();
    const [a, b, elsewhere] = [await join('g'), await join('g'), await join('h')];
    const position = await gateway.publish('g', { price: 12 });
    await clock.settle();
    expect(position).toEqual(gateway.groups()[0]?.position);
    const expected = { type: 'data_update', seq: 1, ts: clock.now(), groupId: 'g', payload: { data: { price: 12 } } };
    expect(position.seq).toBe(1);
    for (const client of [a, b]) expect(client.updates).toEqual([expected]);
    expect(elsewhere.updates).toEqual([]);
  });

  test('carries delivery and key, which hold for a receiver that is behind', async () => {
    const { clock, gateway, healthy, slow } = await withSlow();
    for (const n of [1, 2, 3]) await gateway.publish('g', `${n} ${long(1_500)}`, { delivery: 'reliable' });
    await clock.settle();
    for (const n of [4, 5]) await gateway.publish('g', n, { delivery: 'latest', key: 'price' });
    await gateway.publish('g', 6, { delivery: 'volatile' });
    await gateway.publish('g', 7);
    await clock.settle();
    expect(healthy.updates.slice(3).map(({ delivery, key, payload }) => [payload.data, delivery, key])).toEqual([
      [4, 'latest', 'price'],
      [5, 'latest', 'price'],
      [6, 'volatile', undefined],
      [7, undefined, undefined],
    ]);
    slow.drain();
    await clock.settle();
    expect(slow.data.slice(-2)).toEqual([5, 7]);
  });

  test('shares one order with what clients say', async () => {
    const { clock, gateway, join } = setUp();
    const client = await join('g');
    client.send(say('client 1'));
    void gateway.publish('g', 'server 2');
    client.send(say('client 3'));
    await clock.settle();
    expect(client.updates.map(({ seq, payload }) => `${payload.data} ${seq}`)).toEqual([
      'client 1 1',
      'server 2 2',
      'client 3 3',
    ]);
  });

  test('keeps the order of its calls, awaited or not, with a session or without', async () => {
    const { clock, gateway, join } = setUp();
    const client = await join('g');
    const positions = await Promise.all([
      gateway.publish('g', 1, { sessionId: 's', meta: { label: 'x' } }),
      gateway.publish('g', 2),
      gateway.publish('g', 3, { sessionId: 's' }),
      gateway.publish('g', 4),
    ]);
    await clock.settle();
    expect(positions.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(client.data).toEqual([1, 2, 3, 4]);
  });

  test('carries traceId, traceparent and id, and opens and updates the session [R258]', async () => {
    const { clock, gateway, join, events } = setUp();
    const client = await join('g');
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const options = { traceId: 't', traceparent, id: 'm', sessionId: 's', meta: { label: 'x', tags: ['a'] } };
    await gateway.publish('g', null, options);
    await clock.settle();
    const { meta, ...envelope } = options;
    expect(client.updates).toMatchObject([{ ...envelope, payload: { data: null, meta } }]);
    expect(events('sessionOpened')).toMatchObject([{ session: { groupId: 'g', sessionId: 's', meta } }]);
    expect(events('data')).toEqual([]);
  });

  test('lets nothing out that the contract does not allow in meta', async () => {
    const { clock, gateway, join } = setUp();
    const client = await join('g');
    await gateway.publish('g', 1, { sessionId: 's', meta: { label: 'first' } });
    const meta = { label: undefined, createdBy: 'ada', secret: 1 } as object;
    await gateway.publish('g', 2, { sessionId: 's', meta });
    await clock.settle();
    expect(client.texts.at(-1)).toMatch(/"payload":\{"data":2,"meta":\{"createdBy":"ada"\}\}\}$/);
    expect((await gateway.sessions('g'))[0]?.meta).toEqual({ label: 'first', createdBy: 'ada' });
  });

  test('writes data as JSON does', async () => {
    const { clock, gateway, join } = setUp();
    const client = await join('g');
    const values = [null, 0, '', false, [], {}, new Date(0), { toJSON: () => 'as it says' }, [undefined], long(100_000)];
    for (const value of values) await gateway.publish('g', value);
    await clock.settle();
    expect(client.data).toEqual(JSON.parse(JSON.stringify(values)));
  });

  test('to a group that nobody is in is kept for nobody: who joins later begins at the head', async () => {
    const { clock, gateway, join } = setUp();
    expect(await gateway.publish('g', 'to nobody')).toMatchObject({ seq: 1 });
    const client = await join('g');
    expect(await gateway.publish('g', 'to one')).toMatchObject({ seq: 2 });
    await clock.settle();
    expect(client.data).toEqual(['to one']);
    expect(await gateway.presence('nobody')).toEqual({ status: 'UNKNOWN' });
  });

  test('may end while its group is being forgotten: the place it answers is the true one', async () => {
    const { clock, gateway } = setUp({ limits: { logAgeMaxMs: 1_000 } });
    const first = await gateway.publish('g', 1);
    await clock.advance(5_000);
    const second = await gateway.publish('g', 1);
    expect([first.seq, second.seq]).toEqual([1, 1]);
    expect(first.epoch).not.toBe(second.epoch);
  });
});

const circular: unknown[] = [];
circular.push(circular);

describe('publish refuses', () => {
  test.each([
    ['groupId', [undefined, 1]],
    ['groupId', [null, 1]],
    ['groupId', [7, 1]],
    ['groupId', [['g'], 1]],
    ['groupId', ['', 1]],
    ['groupId', [long(129), 1]],
    ['groupId', ['a\u0000b', 1]],
    ['data', ['g', undefined]],
    ['data', ['g', () => 1]],
    ['data', ['g', Symbol('s')]],
    ['data', ['g', 10n]],
    ['data', ['g', circular]],
    ['sessionId', ['g', 1, { sessionId: 7 }]],
    ['sessionId', ['g', 1, { sessionId: '' }]],
    ['traceId', ['g', 1, { traceId: {} }]],
    ['traceparent', ['g', 1, { traceparent: '00-none' }]],
    ['traceparent', ['g', 1, { traceparent: {} }]],
    ['id', ['g', 1, { id: '\n' }]],
    ['meta', ['g', 1, { meta: 'x' }]],
    ['label', ['g', 1, { meta: { label: 7 } }]],
    ['tags', ['g', 1, { meta: { tags: 'x' } }]],
    ['createdBy', ['g', 1, { meta: { createdBy: long(300) } }]],
    ['delivery', ['g', 1, { delivery: 'soon' }]],
    ['key', ['g', 1, { delivery: 'latest' }]],
    ['key', ['g', 1, { key: long(129) }]],
    ['options.deliver:', ['g', 1, { deliver: 'latest' }]],
    ['options.ts:', ['g', 1, { id: 'i', ts: 1 }]],
  ])('a wrong %s, by its name, and publishes nothing: %#', async (name, args) => {
    const { clock, gateway, join } = setUp();
    const client = await join('g');
    const refusal = gateway.publish(...(args as Parameters<typeof gateway.publish>));
    await expect(refusal).rejects.toMatchObject({
      name: 'GatewayError',
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(name),
    });
    await clock.settle();
    expect(client.data).toEqual([]);
    expect(gateway.stats().publishedTotal).toBe(0);
    expect(await gateway.sessions('g')).toEqual([]);
  });

  test('data over messageBytesMax, in bytes: MESSAGE_TOO_BIG; and none where that is 0', async () => {
    const { gateway } = setUp({ limits: { messageBytesMax: 100 } });
    expect(await gateway.publish('g', long(98))).toMatchObject({ seq: 1 });
    for (const data of [long(99), 'é'.repeat(50)]) {
      await expect(gateway.publish('g', data)).rejects.toMatchObject({
        code: 'MESSAGE_TOO_BIG',
        message: expect.stringContaining('limits.messageBytesMax'),
      });
    }
    const { gateway: unlimited } = setUp({ limits: { messageBytesMax: 0, bytesBurst: 0 } });
    expect(await unlimited.publish('g', long(1_000_000))).toMatchObject({ seq: 1 });
  });

  test('one more group than groupsMax, where all have members: TOO_MANY_GROUPS', async () => {
    const { gateway, join } = setUp({ limits: { groupsMax: 1 } });
    await join('g');
    await expect(gateway.publish('h', 1)).rejects.toMatchObject({ code: 'TOO_MANY_GROUPS' });
    expect(await gateway.publish('g', 1)).toMatchObject({ seq: 1 });
  });

  test('one more session than sessionsPerGroupMax: TOO_MANY_SESSIONS, and publishes nothing', async () => {
    const { clock, gateway, join } = setUp({ limits: { sessionsPerGroupMax: 1 } });
    const client = await join('g');
    await gateway.publish('g', 1, { sessionId: 'a', meta: {} });
    await expect(gateway.publish('g', 2, { sessionId: 'b', meta: {} })).rejects.toMatchObject({ code: 'TOO_MANY_SESSIONS' });
    await gateway.publish('g', 3, { sessionId: 'b' });
    await clock.settle();
    expect(client.data).toEqual([1, 3]);
  });

  test('everything once the gateway is closing: CLOSED', async () => {
    const { clock, gateway, join } = setUp();
    const client = await join('g');
    client.vanish();
    const closing = gateway.close({ graceMs: 1_000 });
    await expect(gateway.publish('g', 1)).rejects.toMatchObject({ code: 'CLOSED' });
    await clock.advance(1_000);
    await closing;
    await expect(gateway.publish('g', 1)).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

test('a client that identifies and is published to in one turn gets it', async () => {
  const { clock, gateway, connect } = setUp();
  const client = connect();
  client.send(identify('g'));
  await new Promise(setImmediate);
  await gateway.publish('g', 'welcome');
  await clock.settle();
  expect(client.data).toEqual(['welcome']);
});
