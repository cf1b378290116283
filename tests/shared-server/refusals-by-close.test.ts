import { once } from 'node:events';
import { createServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { Gateway, GatewayOptions } from 'gateway-core';
import { closeAction } from 'gateway-protocol';
import { expect, test } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { Client } from './support/client.js';
import { openRaw, rawUpgrade } from './support/raw-upgrade.js';
import { selfSigned } from './support/self-signed.js';
import { listen, startGateway } from './support/servers.js';

async function run(options: GatewayOptions): Promise<{ gateway: Gateway; url: string }> {
  const server = createServer();
  const gateway = startGateway({ server, refuseBy: 'close', ...options });
  return { gateway, url: `${await listen(server)}/rt` };
}

/** How a client sees its end: what it was sent before, then the close frame. */
async function endOf(
  url: string,
  options?: ClientOptions,
): Promise<{ opened: boolean; messages: number; code: number; reason: string }> {
  const socket = new WebSocket(url, ['v1.chat'], options);
  const seen = { opened: false, messages: 0 };
  socket.on('open', () => {
    seen.opened = true;
    // What a page does in its `onopen`.
    socket.send('{"type":"identify","payload":{"clientType":"app-client"}}', () => {});
  });
  socket.on('message', () => {
    seen.messages += 1;
  });
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return { ...seen, code, reason: reason.toString() };
}

test('one too many is told so by 4101, and is no connection', async () => {
  const { gateway, url } = await run({ limits: { connectionsMax: 1 } });
  const connected: string[] = [];
  gateway.on('connection', ({ connectionId }) => connected.push(connectionId));
  const first = await Client.join(url);
  const end = await endOf(url);
  expect(end).toEqual({ opened: true, messages: 0, code: 4101, reason: 'too many connections' });
  expect(closeAction(end.code)).toBe('back-off');
  expect(gateway.stats()).toMatchObject({ connections: 1, closing: 0, connectionsTotal: 1, refusedTotal: 1, messagesInTotal: 1 });
  expect(connected).toHaveLength(1);
  await first.close();
  await Client.join(url);
});

test('another origin is told so by 4003', async () => {
  const { gateway, url } = await run({ allowedOrigins: async (origin) => origin === 'https://app.example' });
  const end = await endOf(url, { origin: 'https://evil.example' });
  expect(end).toEqual({ opened: true, messages: 0, code: 4003, reason: 'this origin may not connect' });
  expect(closeAction(end.code)).toBe('stop');
  expect(gateway.stats()).toMatchObject({ connectionsTotal: 0, refusedTotal: 1 });
});

test('who comes while the gateway drains is told so by 4202', async () => {
  const { gateway, url } = await run({});
  const slow = openRaw({ url });
  await new Promise<void>((resolve) => gateway.on('connection', () => resolve()));
  const closed = gateway.close({ graceMs: 60_000 });
  expect(await endOf(url)).toEqual({ opened: true, messages: 0, code: 4202, reason: 'draining' });
  slow.destroy();
  await closed;
});

test.each([
  ['node:https', (key: string, cert: string) => createHttpsServer({ key, cert })],
  ['node:http2', (key: string, cert: string) => createSecureServer({ key, cert, allowHTTP1: true })],
])('over TLS, on a server of %s, it is the same', async (_, create) => {
  const { key, cert } = selfSigned();
  const server = create(key, cert);
  const gateway = startGateway({ server, refuseBy: 'close', limits: { connectionsMax: 1 } });
  const url = `wss://127.0.0.1:${new URL(await listen(server)).port}/rt`;
  const tls = { ca: cert };
  const first = await Client.join(url, 'group-1', tls);
  for (let refused = 1; refused <= 3; refused += 1) {
    expect(await endOf(url, tls)).toEqual({ opened: true, messages: 0, code: 4101, reason: 'too many connections' });
    expect(gateway.stats()).toMatchObject({ connectionsTotal: 1, refusedTotal: refused });
  }
  await first.close();
});

test('one that does not answer the close frame is cut, and its place is free again', async () => {
  const { gateway, url } = await run({
    limits: { connectionsMax: 1, refusedClosingMax: 1 },
    timings: { closeTimeoutMs: 300 },
  });
  await Client.join(url);
  const mute = openRaw({ url, allowHalfOpen: true });
  const cut = new Promise((resolve) => mute.on('error', () => {}).on('close', resolve));
  const [first] = (await once(mute, 'data')) as [Buffer];
  expect(first.toString('latin1')).toMatch(/^HTTP\/1\.1 101 /);
  expect(await rawUpgrade({ url })).toMatchObject({ status: 503, body: 'too many connections\n' });
  // Its own end stays open, and what it says is answered by a reset once it is cut.
  const talk = setInterval(() => mute.write('x'), 5);
  await cut;
  clearInterval(talk);
  expect(await rawUpgrade({ url })).toMatchObject({ status: 101 });
  expect(gateway.stats()).toMatchObject({ connectionsTotal: 1, refusedTotal: 3 });
});

test('a handshake that is not right gets its status', async () => {
  const { url } = await run({ limits: { connectionsMax: 1 } });
  await Client.join(url);
  const answer = await buffer(openRaw({ url, headers: { 'Sec-WebSocket-Key': 'AAAA' } }));
  expect(answer.toString('latin1')).toMatch(/^HTTP\/1\.1 400 /);
});
