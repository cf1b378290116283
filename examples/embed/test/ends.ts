import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from '../../../tests/shared-server/support/client.js';
import { selfSigned } from '../../../tests/shared-server/support/self-signed.js';
import * as express from '../src/express.js';
import * as fastify from '../src/fastify.js';
import * as handleUpgrade from '../src/handle-upgrade.js';
import * as http from '../src/http.js';
import * as https from '../src/https.js';
import * as koa from '../src/koa.js';
import * as nest from '../src/nest.js';

// A process of its own: starts each host, serves two clients, and stops it. Nothing ends the process but itself.

const { key, cert } = selfSigned();
const urlOf = (server: Pick<Server, 'address'>, rest: string) => `127.0.0.1:${(server.address() as AddressInfo).port}${rest}`;
const hosts = {
  http: { start: () => http.start(0), scheme: 'ws', path: '/rt' },
  https: { start: () => https.start(0, { key, cert }), scheme: 'wss', path: '/rt' },
  express: { start: () => express.start(0), scheme: 'ws', path: '/rt' },
  fastify: { start: () => fastify.start(0), scheme: 'ws', path: '/rt' },
  koa: { start: () => koa.start(0), scheme: 'ws', path: '/rt' },
  nest: { start: () => nest.start(0), scheme: 'ws', path: '/rt' },
  'handle-upgrade': { start: () => handleUpgrade.start(0), scheme: 'ws', path: '/staff/rt' },
};

for (const [name, { start, scheme, path }] of Object.entries(hosts)) {
  const { server, stop } = await start();
  const client = await Client.join(`${scheme}://${urlOf(server, path)}`, 'group-1', { ca: cert });
  await client.say('hello');
  // The first leaves, the second is told to go.
  await client.close();
  await Client.join(`${scheme}://${urlOf(server, path)}`, 'group-1', { ca: cert });
  await stop();
  console.log(`${name} has stopped`);
}
