import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway } from 'gateway-core';
import { Client } from './support/client.js';

// A process of its own: a gateway on a server serves one client, and both are closed. Nothing ends the process but itself.

const server = createServer();
const gateway = createGateway({ server });
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const client = await Client.join(`ws://127.0.0.1:${(server.address() as AddressInfo).port}${gateway.path}`);
// With a session and a presence update pending, so that every kind of timer is running.
client.send({ type: 'data_update', sessionId: 'doc-1', payload: { data: 1, meta: { label: 'x' } } });
await client.next('data_update');
const closed = once(server, 'close');
const [first, second] =
  process.argv[2] === 'server-first'
    ? [() => void server.close(), () => gateway.close()]
    : [() => gateway.close(), () => void server.close()];
await first();
await second();
await closed;
console.log(`client closed with ${await client.closed}`);
