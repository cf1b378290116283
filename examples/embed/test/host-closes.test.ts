import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { createGateway, type HostServer } from 'gateway-core';
import { createServer as createVite } from 'vite';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Client } from '../../../tests/shared-server/support/client.js';
import * as nest from '../src/nest.js';

const hostOf = (server: HostServer) => `127.0.0.1:${(server.address() as AddressInfo).port}`;

/** The host closes by itself, and nobody has told the gateway: its clients are told all the same, and the host does not wait for ever. */
async function endsWith(
  server: HostServer,
  gateway: ReturnType<typeof createGateway>,
  close: () => Promise<unknown>,
): Promise<void> {
  const clients = [await Client.join(`ws://${hostOf(server)}/rt`), await Client.join(`ws://${hostOf(server)}/rt`)];
  const closed = close();
  expect(await Promise.all(clients.map((client) => client.closed))).toEqual([1012, 1012]);
  await closed;
  await gateway.close();
  expect(gateway.stats()).toMatchObject({ connections: 0, closing: 0 });
  expect(server.listening).toBe(false);
}

test('Fastify closes with a gateway, without a hook', async () => {
  const app = fastify();
  const gateway = createGateway({ server: app.server });
  await app.listen({ port: 0, host: '127.0.0.1' });
  await endsWith(app.server, gateway, () => app.close());
});

test('Fastify that listens on every address of localhost closes with a gateway', async () => {
  const app = fastify();
  const gateway = createGateway({ server: app.server });
  await app.listen({ port: 0 });
  await endsWith(app.server, gateway, () => app.close());
});

test('Nest closes with a gateway', async () => {
  const { server, gateway, stop } = await nest.start(0);
  await endsWith(server, gateway, stop);
});

test('a server that is disposed of closes with a gateway', async () => {
  const server = createServer();
  const gateway = createGateway({ server });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  await endsWith(server, gateway, () => server[Symbol.asyncDispose]());
});

test('a development server of Vite serves a gateway beside its own socket, and closes with it', async () => {
  const vite = await createVite({
    configFile: false,
    logLevel: 'silent',
    appType: 'custom',
    optimizeDeps: { noDiscovery: true, include: [] },
    server: { host: '127.0.0.1', port: 0, watch: null },
  });
  // Its type is the union of all servers that Vite may have made; `null` is for its middleware mode.
  const { httpServer } = vite;
  if (httpServer === null) throw new Error('Vite has no server');
  const gateway = createGateway({ server: httpServer });
  await vite.listen();
  const own = new WebSocket(`ws://${hostOf(httpServer)}/?token=${vite.config.webSocketToken}`, 'vite-hmr');
  expect(JSON.parse(String((await once(own, 'message'))[0]))).toEqual({ type: 'connected' });
  own.close();

  const client = await Client.join(`ws://${hostOf(httpServer)}/rt`);
  expect(await client.say('hello')).toMatchObject({ seq: 1 });
  await vite.close();
  // Vite cuts what is open, so the close frame may or may not arrive before.
  expect([1006, 1012]).toContain(await client.closed);
  await gateway.close();
  expect(gateway.stats()).toMatchObject({ connections: 0, closing: 0 });
});
