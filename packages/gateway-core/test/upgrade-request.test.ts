import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createGateway, type GatewayOptions } from 'gateway-core';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Collects what nothing holds any more. A turn of the loop first: what was just looked at is held until its end. */
async function collect(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  gc();
}

/** The upgrade request of a client that is connected, and stays so. */
async function requestOfClient(options: GatewayOptions): Promise<WeakRef<IncomingMessage>> {
  const server = createServer();
  const gateway = createGateway(options);
  const requests: WeakRef<IncomingMessage>[] = [];
  server.on('upgrade', (request, socket, head) => {
    requests.push(new WeakRef(request));
    gateway.handleUpgrade(request, socket, head);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/rt`);
  onTestFinished(async () => {
    client.terminate();
    await gateway.close();
    server.close();
  });
  await once(client, 'message');
  expect(gateway.connections()).toHaveLength(1);
  return requests[0] as WeakRef<IncomingMessage>;
}

test('without an authenticate hook nothing holds on to the upgrade request', async () => {
  const request = await requestOfClient({});
  // How many turns the HTTP server takes to let go of it is its own affair. The test's time is the bound.
  while (request.deref() !== undefined) await collect();
});

test('with an authenticate hook the upgrade request stays for as long as the connection', async () => {
  const request = await requestOfClient({ authenticate: () => true });
  for (let turn = 0; turn < 50; turn += 1) await collect();
  expect(request.deref()?.url).toBe('/rt');
});
