import { MemoryBroker, MemorySessionStore } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { codesOf, errorsOf, heartbeat, identify, long, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

describe('messages', () => {
  const limits = { messagesPerSecondMax: 10, messagesBurst: 5 };

  test('over messagesBurst are RATE_LIMITED and not handled, until retryAfterMs has passed [R34] [R36] [R213]', async () => {
    const { clock, join } = setUp({ limits });
    const client = await join('g');
    for (let n = 1; n <= 5; n += 1) client.send(say(n));
    await clock.settle();
    expect(client.data).toEqual([1, 2, 3, 4]);
    expect(errorsOf(client)).toMatchObject([{ code: 'RATE_LIMITED', status: 429, retryable: true, retryAfterMs: 100 }]);
    await clock.advance(99);
    client.send(say('too early'));
    expect(codesOf(client)).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
    await clock.advance(1);
    client.send(say('in time'));
    await clock.settle();
    expect(client.data.at(-1)).toBe('in time');
    expect(client.closed).toBeUndefined();
  });

  test('at messagesPerSecondMax go on for ever [R34]', async () => {
    const { clock, join } = setUp({ limits });
    const client = await join('g');
    for (let n = 0; n < 100; n += 1) {
      client.send(say(n));
      await clock.advance(100);
    }
    expect(client.data).toHaveLength(100);
    expect(codesOf(client)).toEqual([]);
  });

  test('save up to messagesBurst in silence, and no more', async () => {
    const { clock, join } = setUp({ limits });
    const client = await join('g');
    await clock.advance(20_000);
    for (let n = 0; n < 7; n += 1) client.send(heartbeat());
    expect(codesOf(client)).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
  });

  test.each([
    ['identify', identify('g')],
    ['heartbeat', heartbeat()],
    ['a wrong one', { type: 'hello' }],
  ])('count, each of them: %s', async (_name, envelope) => {
    const { clock, connect } = setUp({ limits });
    const client = connect();
    for (let n = 0; n < 10; n += 1) client.send(envelope);
    await clock.settle();
    expect(codesOf(client)).toContain('RATE_LIMITED');
  });

  test('of one connection do not count for another', async () => {
    const { clock, join } = setUp({ limits });
    const [flood, calm] = [await join('g'), await join('g')];
    for (let n = 0; n < 20; n += 1) flood.send(say('x'));
    calm.send(say('fine'));
    await clock.settle();
    expect(codesOf(calm)).toEqual([]);
    expect(calm.data).toContain('fine');
  });

  test('pings count like messages [R35]', async () => {
    const { clock, gateway } = setUp({ limits: { ...limits, errorsBurst: 3 } });
    const socket = new RecordingSocket(gateway);
    for (let n = 0; n < 5; n += 1) socket.listener.ping();
    expect(socket.received.map(({ type }) => type)).toEqual(['ready']);
    socket.listener.ping();
    expect(socket.received[1]).toMatchObject({ payload: { code: 'RATE_LIMITED', retryAfterMs: 100 } });
    for (let n = 0; n < 10; n += 1) socket.listener.ping();
    await clock.settle();
    expect(socket.closes).toMatchObject([{ code: 4100 }]);
  });

  test.each(['messagesPerSecondMax', 'messagesBurst'] as const)('are without a bound where %s is 0', async (name) => {
    const { clock, join } = setUp({ limits: { ...limits, [name]: 0 } });
    const client = await join('g');
    for (let n = 0; n < 1_000; n += 1) client.send(say(n));
    await clock.settle();
    expect(client.data).toHaveLength(1_000);
  });
});

describe('bytes', () => {
  const limits = { messageBytesMax: 1_000, bytesPerSecondMax: 1_000, bytesBurst: 3_000 };

  test('over bytesBurst are RATE_LIMITED, until retryAfterMs has passed [R34]', async () => {
    const { clock, join } = setUp({ limits });
    const client = await join('g');
    await clock.advance(1_000);
    const message = JSON.stringify(say(long(950)));
    for (let n = 0; n < 3; n += 1) client.sendText(message);
    client.sendText(message);
    const { retryAfterMs } = errorsOf(client)[0]!;
    expect(retryAfterMs).toBe(4 * message.length - 3_000);
    await clock.advance(retryAfterMs! - 1);
    client.sendText(message);
    await clock.advance(1);
    client.sendText(message);
    await clock.settle();
    expect(codesOf(client)).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
    expect(client.data).toHaveLength(4);
  });

  test('of pings count too: six each, which is their header and mask', async () => {
    const { clock, gateway } = setUp({ limits: { ...limits, messagesPerSecondMax: 0, bytesPerSecondMax: 6 } });
    const socket = new RecordingSocket(gateway);
    for (let n = 0; n < 500; n += 1) socket.listener.ping();
    expect(socket.received.map(({ type }) => type)).toEqual(['ready']);
    socket.listener.ping();
    expect(socket.received[1]).toMatchObject({ payload: { code: 'RATE_LIMITED', retryAfterMs: 1_000 } });
    for (let n = 0; n < 100; n += 1) socket.listener.ping();
    await clock.settle();
    expect(socket.closes).toMatchObject([{ code: 4100 }]);
  });

  test('are counted in UTF-8', async () => {
    const { clock, join } = setUp({ limits });
    const client = await join('g');
    await clock.advance(1_000);
    for (let n = 0; n < 4; n += 1) client.send(say('é'.repeat(475)));
    expect(codesOf(client)).toEqual(['RATE_LIMITED']);
  });

  test.each(['bytesPerSecondMax', 'bytesBurst'] as const)('are without a bound where %s is 0', async (name) => {
    const { clock, join } = setUp({ limits: { ...limits, [name]: 0 } });
    const client = await join('g');
    for (let n = 0; n < 100; n += 1) client.send(say(long(900)));
    await clock.settle();
    expect(client.data).toHaveLength(100);
  });
});

describe('who goes on after errors', () => {
  test('of rates is closed with 4100, and may come back as who it was [R39] [R40]', async () => {
    const { clock, gateway, join, events } = setUp({
      limits: { messagesPerSecondMax: 1, messagesBurst: 1, errorsPerSecondMax: 1, errorsBurst: 5 },
    });
    const client = await join('g');
    for (let n = 0; n < 20; n += 1) client.send(heartbeat());
    await clock.settle();
    expect(codesOf(client)).toEqual(Array(6).fill('RATE_LIMITED'));
    expect(client.closed).toEqual({ code: 4100, reason: 'rate limited' });
    expect(events('disconnect')).toMatchObject([{ code: 4100 }]);
    expect(await gateway.presence('g')).toMatchObject({ status: 'DEGRADED' });
  });

  test.each(['{', '{"type":"hello"}', JSON.stringify(say(1, { groupId: 'elsewhere' }))])(
    'of any other kind is closed with 4002, and is gone: %s [R41] [R236]',
    async (text) => {
      const { clock, gateway, join } = setUp({ limits: { errorsPerSecondMax: 1, errorsBurst: 5 } });
      const client = await join('g');
      for (let n = 0; n < 20; n += 1) client.sendText(text);
      await clock.settle();
      expect(codesOf(client)).toHaveLength(6);
      expect(client.closed).toEqual({ code: 4002, reason: 'too many errors' });
      expect(await gateway.presence('g')).toMatchObject({ status: 'DOWN' });
      expect(gateway.stats().errorsSentTotal).toBe(6);
    },
  );

  test.each(['authorize', 'sessions', 'broker'] as const)(
    'that are of the gateway alone is not closed: %s fails [R253]',
    async (part) => {
      let fails = false;
      const failing = <Answer>(answer: () => Answer): Answer => {
        if (fails) throw new Error('down');
        return answer();
      };
      const broker = new MemoryBroker();
      const sessions = new MemorySessionStore();
      const publish = broker.publish.bind(broker);
      const upsert = sessions.upsert.bind(sessions);
      const parts = {
        authorize: { authorize: () => failing(() => true) },
        sessions: {
          sessions: Object.assign(sessions, { upsert: (...asked: Parameters<typeof upsert>) => failing(() => upsert(...asked)) }),
        },
        broker: {
          broker: Object.assign(broker, { publish: (...asked: Parameters<typeof publish>) => failing(() => publish(...asked)) }),
        },
      };
      const { clock, join } = setUp({ ...parts[part], limits: { errorsPerSecondMax: 1, errorsBurst: 5 } });
      const client = await join('g');
      fails = true;
      for (let n = 0; n < 50; n += 1) client.send(say(n, { sessionId: 's' }, { meta: {} }));
      await clock.settle();
      expect(codesOf(client)).toEqual(Array(50).fill('INTERNAL'));
      fails = false;
      client.send(say('again'));
      await clock.settle();
      expect(client.closed).toBeUndefined();
      expect(client.data).toEqual(['again']);
    },
  );

  test('but no faster than errorsPerSecondMax is not closed [R39]', async () => {
    const { clock, join } = setUp({ limits: { errorsPerSecondMax: 2, errorsBurst: 3 } });
    const client = await join('g');
    for (let n = 0; n < 50; n += 1) {
      client.sendText('{');
      await clock.advance(500);
    }
    expect(codesOf(client)).toHaveLength(50);
    expect(client.closed).toBeUndefined();
  });

  test.each(['errorsPerSecondMax', 'errorsBurst'] as const)('is not closed where %s is 0', async (name) => {
    const { clock, join } = setUp({ limits: { errorsPerSecondMax: 1, errorsBurst: 5, messagesPerSecondMax: 0, [name]: 0 } });
    const client = await join('g');
    for (let n = 0; n < 500; n += 1) client.sendText('{');
    await clock.settle();
    expect(codesOf(client)).toHaveLength(500);
    expect(client.closed).toBeUndefined();
  });
});

describe('the size of what a message holds', () => {
  test.each([
    ['jsonDepthMax', { jsonDepthMax: 4 }, say([[[]]])],
    ['metadataBytesMax', { metadataBytesMax: 20 }, identify('g', { metadata: { text: long(20) } })],
  ])('is bounded by %s, and by nothing where that is 0 [R25] [R27]', async (name, limits, envelope) => {
    for (const [limit, codes] of [
      [limits, [name === 'jsonDepthMax' ? 'INVALID_ENVELOPE' : 'INVALID_IDENTIFY']],
      [{ [name]: 0 }, []],
    ] as const) {
      const { clock, join } = setUp({ limits: limit });
      const client = await join('g');
      client.send(envelope);
      await clock.settle();
      expect(codesOf(client)).toEqual(codes);
    }
  });

  test('without metadataBytesMax and jsonDepthMax may be any', async () => {
    const { clock, gateway, join } = setUp({
      limits: { jsonDepthMax: 0, metadataBytesMax: 0, messageBytesMax: 0, bytesBurst: 0 },
    });
    const client = await join('g', { metadata: { text: long(100_000) } });
    client.sendText(`{"type":"data_update","payload":{"data":${'['.repeat(500)}${']'.repeat(500)}}}`);
    await clock.settle();
    expect(codesOf(client)).toEqual([]);
    expect(client.updates).toHaveLength(1);
    expect(gateway.connections()[0]?.metadata).toEqual({ text: long(100_000) });
  });
});
