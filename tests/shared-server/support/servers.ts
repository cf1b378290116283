import { once } from 'node:events';
import { Server as HttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { createGateway, type Gateway, type GatewayOptions } from 'gateway-core';
import { onTestFinished } from 'vitest';
import { withBooks } from '../../../packages/gateway-core/test/support/books.js';

/** Listens on a free port until the test has finished, and answers the URL for WebSockets, without a path. */
export async function listen(server: Server): Promise<string> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket).size);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  });
  return `${server instanceof HttpsServer ? 'wss' : 'ws'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A gateway whose books balance for as long as the test takes. */
export function startGateway(options: GatewayOptions): Gateway {
  return withBooks(createGateway(options));
}
