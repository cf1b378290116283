import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Gateway, HostServer } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { Client } from './support/client.js';
import { openRaw, rawUpgrade } from './support/raw-upgrade.js';
import { selfSigned } from './support/self-signed.js';
import { listen, startGateway } from './support/servers.js';

const { key, cert } = selfSigned();

async function listening(server: HostServer): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe.each<[name: string, scheme: string, create: () => HostServer]>([
  ['http', 'ws', () => createServer()],
  ['https', 'wss', () => createTlsServer({ key, cert })],
  ['http2 with allowHTTP1', 'wss', () => createSecureServer({ key, cert, allowHTTP1: true })],
])('a server of node:%s', (_name, scheme, create) => {
  test('is closed before its gateways: they tell their clients, and it closes when those have gone', async () => {
    const server = create();
    const own = Object.getOwnPropertyNames(server);
    const gateways = [startGateway({ server }), startGateway({ server, path: '/staff' })];
    const host = await listening(server);
    const clients = [
      await Client.join(`${scheme}://${host}/rt`, 'group-1', { ca: cert }),
      await Client.join(`${scheme}://${host}/staff`, 'group-1', { ca: cert }),
    ];
    const closed = new Promise<unknown>((resolve) => server.close(resolve));
    expect(gateways.map((gateway) => gateway.health())).toMatchObject([{ ok: false }, { ok: false }]);
    expect(await Promise.all(clients.map((client) => client.closed))).toEqual([1012, 1012]);
    expect(await closed).toBeUndefined();
    await Promise.all(gateways.map((gateway) => gateway.close()));
    // Nothing of them is left on it.
    expect(Object.getOwnPropertyNames(server)).toEqual(expect.arrayContaining(own));
    expect(Object.hasOwn(server, 'close') || Object.hasOwn(server, 'emit')).toBe(false);
    expect(server.listenerCount('upgrade')).toBe(0);
  });
});

async function run(): Promise<{ server: Server; gateway: Gateway; client: Client; host: string }> {
  const server = createServer();
  const gateway = startGateway({ server });
  const host = await listening(server);
  return { server, gateway, client: await Client.join(`ws://${host}/rt`), host };
}

test('close of the gateway then is the drain that has begun, whichever comes first', async () => {
  for (const serverFirst of [true, false]) {
    const { server, gateway, client } = await run();
    const early = serverFirst ? undefined : gateway.close();
    const closed = once(server.close(), 'close');
    const late = gateway.close();
    expect(gateway.close()).toBe(late);
    if (!serverFirst) expect(late).toBe(early);
    expect(await client.closed).toBe(1012);
    await Promise.all([late, closed]);
  }
});

test('closing it again reports what the server says, and tells nobody twice', async () => {
  const { server, client } = await run();
  const closed = once(server, 'close');
  server.close();
  const again = await new Promise<Error | undefined>((resolve) => server.close(resolve));
  expect(again).toMatchObject({ code: 'ERR_SERVER_NOT_RUNNING' });
  expect(await client.closed).toBe(1012);
  await closed;
});

test('await using closes it too', async () => {
  const { server, client } = await run();
  await server[Symbol.asyncDispose]();
  expect(await client.closed).toBe(1012);
});

test('a client that never answers is cut after the grace time, and then the server closes', async () => {
  const server = createServer();
  const gateway = startGateway({ server, timings: { closeTimeoutMs: 50 } });
  const host = await listening(server);
  const connected = new Promise((resolve) => gateway.on('connection', resolve));
  openRaw({ url: `ws://${host}/rt` });
  await connected;
  await once(server.close(), 'close');
  await gateway.close();
  expect(gateway.stats()).toMatchObject({ connections: 0, closing: 0 });
});

test('a server that does not listen yet is not stopped by close, and its gateway goes on', async () => {
  const server = createServer();
  const gateway = startGateway({ server });
  await new Promise((resolve) => server.close(resolve));
  expect(gateway.health().ok).toBe(true);
  const client = await Client.join(`${await listen(server)}/rt`);
  await client.close();
});

test('a gateway that has closed leaves the server to itself: a new one on it works, and ends with it', async () => {
  const server = createServer();
  const first = startGateway({ server });
  await first.close();
  expect(Object.hasOwn(server, 'close')).toBe(false);
  const second = startGateway({ server });
  const client = await Client.join(`ws://${await listening(server)}/rt`);
  const closed = once(server.close(), 'close');
  expect(await client.closed).toBe(1012);
  await Promise.all([closed, second.close()]);
});

test('somebody who has wrapped close since is not unwrapped, and is asked first', async () => {
  const { server, gateway, client } = await run();
  const { close } = server;
  let calls = 0;
  const theirs = (callback?: (error?: Error) => void) => {
    calls += 1;
    return close.call(server, callback);
  };
  server.close = theirs;
  const closed = once(server.close(), 'close');
  expect(await client.closed).toBe(1012);
  await Promise.all([closed, gateway.close()]);
  expect(server.close).toBe(theirs);
  expect(calls).toBe(1);
  // What is left passes on and no more.
  await new Promise((resolve) => server.close(resolve));
  expect(calls).toBe(2);
});

test('an own close of the server from before the gateway is there again afterwards, and gives what it gave', async () => {
  const server = createServer();
  const own = server.close.bind(server);
  server.close = own;
  const gateway = startGateway({ server });
  expect(server.close).not.toBe(own);
  expect(server.close()).toBe(server);
  await gateway.close();
  expect(server.close).toBe(own);
});

test('while the server stops, handshakes on connections that are still open are refused with 503', async () => {
  const { server, gateway, client, host } = await run();
  // A second server that hands its upgrades over, as Fastify makes one for each address of localhost, goes on taking connections.
  const second = createServer().on('upgrade', (...upgrade) => void server.emit('upgrade', ...upgrade));
  const url = `${await listen(second)}/rt`;
  const never = openRaw({ url: `ws://${host}/rt` });
  await new Promise((resolve) => gateway.on('connection', resolve));
  const closed = once(server.close(), 'close');
  expect(await rawUpgrade({ url })).toMatchObject({ status: 503, body: 'draining\n' });
  never.destroy();
  expect(await client.closed).toBe(1012);
  await Promise.all([closed, gateway.close()]);
});
