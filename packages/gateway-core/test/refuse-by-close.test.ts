import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { createGateway, type GatewayOptions } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { oneTurn } from './support/asynchronous.js';
import { type Handshake, handshake, requestOf } from './support/handshake.js';
import { setUp } from './support/set-up.js';

/** `accept` of the key that `handshake` sends (RFC 6455 §1.3). */
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

function setUpClosing({ limits, ...options }: GatewayOptions = {}) {
  return setUp({ refuseBy: 'close', limits: { connectionsMax: 1, ...limits }, ...options });
}

/** Everything that the gateway writes to a client, as text and as bytes behind the head. */
async function answerOf({ socket }: Pick<Handshake, 'socket'>): Promise<{ head: string; frames: Buffer }> {
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  const end = bytes.indexOf('\r\n\r\n') + 4;
  return { head: bytes.subarray(0, end).toString('latin1'), frames: bytes.subarray(end) };
}

const closeFrame = (code: number, reason: string) =>
  Buffer.concat([Buffer.from([0x88, reason.length + 2, code >> 8, code & 0xff]), Buffer.from(reason)]);
const untilGone = async (server: Duplex) => {
  while (!server.destroyed) await oneTurn();
};

describe('a client that is refused by a close code', () => {
  test.each<[why: string, options: GatewayOptions, headers: Record<string, string>, code: number, reason: string]>([
    ['one too many in all', {}, {}, 4101, 'too many connections'],
    [
      'one too many of its address',
      { limits: { connectionsMax: 9, connectionsPerAddressMax: 1 } },
      {},
      4101,
      'too many connections from this address',
    ],
    [
      'another origin',
      { limits: { connectionsMax: 9 }, allowedOrigins: ['https://a.example'] },
      { origin: 'https://b.example' },
      4003,
      'this origin may not connect',
    ],
    [
      'an origin that is refused later',
      { limits: { connectionsMax: 9 }, allowedOrigins: async (origin) => origin !== 'https://b.example' },
      { origin: 'https://b.example' },
      4003,
      'this origin may not connect',
    ],
  ])(
    '%s: is let in by the handshake and gets one close frame, and nothing else happens [R242]',
    async (_, options, headers, code, reason) => {
      const { gateway, events } = setUpClosing(options);
      await handshake(gateway).status;
      const before = gateway.stats();
      const { head, frames } = await answerOf(handshake(gateway, '127.0.0.1', headers));
      expect(head.split('\r\n')).toEqual([
        'HTTP/1.1 101 Switching Protocols',
        'Upgrade: websocket',
        'Connection: Upgrade',
        `Sec-WebSocket-Accept: ${ACCEPT}`,
        '',
        '',
      ]);
      expect(frames).toEqual(closeFrame(code, reason));
      expect(gateway.stats()).toEqual({ ...before, refusedTotal: before.refusedTotal + 1 });
      expect(events('connection')).toHaveLength(1);
      expect(events('disconnect')).toEqual([]);
    },
  );

  test('by a drain, one whose origin is being checked among them: 4202', async () => {
    const { gateway } = setUpClosing({ limits: { connectionsMax: 9 }, allowedOrigins: () => new Promise(() => {}) });
    const waiting = answerOf(handshake(gateway));
    const closing = gateway.close();
    expect((await waiting).frames).toEqual(closeFrame(4202, 'draining'));
    await closing;
  });

  test('whatever it says is thrown away, and when it has gone it is gone', async () => {
    const { clock, gateway } = setUpClosing({ limits: { refusedClosingMax: 1 } });
    await handshake(gateway).status;
    const timers = clock.pendingTimers;
    const refused = handshake(gateway);
    await answerOf(refused);
    expect(clock.pendingTimers).toBe(timers + 1);
    refused.socket.write(Buffer.alloc(100_000));
    await oneTurn();
    expect(refused.server.readableLength).toBe(0);
    expect(refused.server.destroyed).toBe(false);
    refused.socket.resume().end();
    await untilGone(refused.server);
    await oneTurn();
    expect(clock.pendingTimers).toBe(timers);
    expect(await handshake(gateway).status).toBe(101);
    expect(gateway.stats()).toMatchObject({ messagesInTotal: 0, bytesInTotal: 0 });
  });

  test('is cut after closeTimeoutMs, where it does not go', async () => {
    const { clock, gateway } = setUpClosing({ limits: { refusedClosingMax: 1 }, timings: { closeTimeoutMs: 2_000 } });
    await handshake(gateway).status;
    const refused = handshake(gateway);
    await answerOf(refused);
    await clock.advance(1_999);
    expect(refused.server.destroyed).toBe(false);
    expect(await handshake(gateway).status).toBe(503);
    await clock.advance(1);
    expect(refused.server.destroyed).toBe(true);
    expect(await handshake(gateway).status).toBe(101);
  });

  test('that resets its connection takes nothing down, and makes room', async () => {
    const { gateway } = setUpClosing({ limits: { refusedClosingMax: 1 } });
    await handshake(gateway).status;
    const refused = handshake(gateway);
    await answerOf(refused);
    refused.server.destroy(new Error('read ECONNRESET'));
    await oneTurn();
    expect(await handshake(gateway).status).toBe(101);
  });

  test('that has gone before it is answered takes no place', async () => {
    const { clock, gateway } = setUpClosing({ limits: { refusedClosingMax: 1 } });
    await handshake(gateway).status;
    const timers = clock.pendingTimers;
    const [, server] = duplexPair();
    await once(server.destroy(), 'close');
    gateway.handleUpgrade(requestOf(gateway), server, Buffer.alloc(0));
    expect(clock.pendingTimers).toBe(timers);
    expect(await handshake(gateway).status).toBe(101);
  });

  test('gets the first of its subprotocols, as one that is let in does: without it a browser fails the connection', async () => {
    const { gateway } = setUpClosing();
    const headers = { 'sec-websocket-protocol': 'v2.chat, v1.chat' };
    const letIn = await answerOf(handshake(gateway, '127.0.0.1', headers));
    const { head, frames } = await answerOf(handshake(gateway, '127.0.0.1', headers));
    expect([letIn.head, head].map((text) => /^Sec-WebSocket-Protocol: (.*)\r$/m.exec(text)?.[1])).toEqual(['v2.chat', 'v2.chat']);
    expect(frames[0]).toBe(0x88);
  });
});

describe('a status is answered all the same', () => {
  test('where refusedClosingMax are being told: 503, or 403 [R243]', async () => {
    const { gateway } = setUpClosing({ limits: { refusedClosingMax: 2 }, allowedOrigins: ['https://a.example'] });
    await handshake(gateway).status;
    expect(await handshake(gateway).status).toBe(101);
    const evil = { origin: 'https://b.example' };
    expect(await handshake(gateway, '10.0.0.1', evil).status).toBe(101);
    expect(await handshake(gateway).status).toBe(503);
    expect(gateway.stats()).toMatchObject({ connectionsTotal: 1, refusedTotal: 3 });
  });

  test('where connectionsPerAddressMax of one address are being told: 429, and others are told still', async () => {
    const { gateway } = setUpClosing({ limits: { connectionsMax: 1, connectionsPerAddressMax: 1 } });
    await handshake(gateway, '10.0.0.9').status;
    expect(await handshake(gateway, '10.0.0.1').status).toBe(101);
    expect(await handshake(gateway, '10.0.0.1').status).toBe(503);
    expect(await handshake(gateway, '10.0.0.2').status).toBe(101);
    expect(gateway.stats().connectionsTotal).toBe(1);
  });

  test.each<[what: string, headers: Record<string, string>, status: number]>([
    ['no key', { 'sec-websocket-key': '' }, 400],
    ['an old version', { 'sec-websocket-version': '8' }, 426],
    ['another protocol', { upgrade: 'h2c' }, 400],
    ['a subprotocol that is none', { 'sec-websocket-protocol': 'a b' }, 503],
    ['a subprotocol that ends a line', { 'sec-websocket-protocol': 'a\r\nx: y' }, 503],
    ['a subprotocol twice', { 'sec-websocket-protocol': 'a, a' }, 503],
  ])('to a handshake that is not right: %s', async (_, headers, status) => {
    const { gateway } = setUpClosing();
    await handshake(gateway).status;
    expect(await handshake(gateway, '127.0.0.1', headers).status).toBe(status);
  });

  test('to a handshake that is not right while the gateway drains', async () => {
    const { gateway } = setUpClosing();
    const closing = gateway.close();
    expect(await handshake(gateway, '127.0.0.1', { 'sec-websocket-key': 'AAAA' }).status).toBe(503);
    await closing;
  });

  test('where a check of the origin fails: 500, for no close code says that', async () => {
    const { gateway } = setUpClosing({ allowedOrigins: () => Promise.reject(new Error('not a good moment')) });
    expect(await handshake(gateway).status).toBe(500);
  });

  test('by default', async () => {
    const { gateway } = setUp({ limits: { connectionsMax: 1 } });
    await handshake(gateway).status;
    expect(await handshake(gateway).status).toBe(503);
  });
});

test('a gateway that has closed has let go of everybody whom it refused, and takes nobody more', async () => {
  const { clock, gateway } = setUpClosing({ timings: { closeTimeoutMs: 60_000 } });
  const closing = gateway.close({ graceMs: 0 });
  const refused = handshake(gateway);
  expect((await answerOf(refused)).frames).toEqual(closeFrame(4202, 'draining'));
  await closing;
  expect(refused.server.destroyed).toBe(true);
  expect(clock.pendingTimers).toBe(0);
  expect(await handshake(gateway).status).toBe(503);
  expect(clock.pendingTimers).toBe(0);
});

test('another way than these two is a wrong option', () => {
  expect(() => createGateway({ refuseBy: 'drop' as never })).toThrow('refuseBy: must be one of status, close');
});
