import type { Server } from 'node:http';
import { get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createClient } from 'gateway-client';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Client } from '../../../tests/shared-server/support/client.js';
import { selfSigned } from '../../../tests/shared-server/support/self-signed.js';
import * as express from '../src/express.js';
import * as fastify from '../src/fastify.js';
import * as handleUpgrade from '../src/handle-upgrade.js';
import * as http from '../src/http.js';
import * as https from '../src/https.js';
import * as koa from '../src/koa.js';
import * as nest from '../src/nest.js';

const originOf = (server: Pick<Server, 'address'>) => `127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Two clients speak, then the host stops: they are told, and nobody can connect any more. */
async function serves(url: string, stop: () => Promise<unknown>, options?: { ca: string }): Promise<void> {
  const [a, b] = [await Client.join(url, 'group-1', options), await Client.join(url, 'group-1', options)];
  expect(await a.say({ n: 1 })).toMatchObject({ seq: 1, payload: { data: { n: 1 } } });
  expect(await b.next('data_update')).toMatchObject({ seq: 1, payload: { data: { n: 1 } } });
  const stopped = stop();
  expect(await Promise.all([a.closed, b.closed])).toEqual([1012, 1012]);
  await stopped;
  await expect(Client.connect(url, options)).rejects.toThrow('ECONNREFUSED');
}

test.each([
  ['node:http', http.start],
  ['Express', express.start],
  ['Fastify', fastify.start],
  ['Koa', koa.start],
  ['Nest', nest.start],
])('a gateway runs beside the routes of %s, and stops with it', async (_name, start) => {
  const { server, stop } = await start(0);
  const origin = originOf(server);
  expect(await (await fetch(`http://${origin}/`)).text()).toMatch(/^hello from /);
  await expect(Client.connect(`ws://${origin}/nowhere`)).rejects.toThrow('404');
  await serves(`ws://${origin}/rt`, stop);
});

test('a gateway runs behind TLS, and stops with its server', async () => {
  const { key, cert } = selfSigned();
  const { server, stop } = await https.start(0, { key, cert });
  const origin = originOf(server);
  const page = new Promise<string>((resolve, reject) => {
    get(`https://${origin}/`, { ca: cert, agent: false }, (response) => resolve(text(response))).on('error', reject);
  });
  expect(await page).toBe('hello from https\n');
  await serves(`wss://${origin}/rt`, stop, { ca: cert });
});

test('a host that routes upgrades itself gives each path to the gateway it chooses', async () => {
  const { server, gateway, staff, stop } = await handleUpgrade.start(0);
  const origin = originOf(server);
  const colleague = await Client.join(`ws://${origin}/staff/rt?token=1`);
  expect([gateway.stats().connections, staff.stats().connections]).toEqual([0, 1]);
  for (const path of ['/rt', '//', '/staff']) await expect(Client.connect(`ws://${origin}${path}`)).rejects.toThrow('404');
  await serves(`ws://${origin}/tenants/acme/rt`, stop);
  expect(await colleague.closed).toBe(1012);
});

test('an Express route publishes to a group', async () => {
  const { server, stop } = await express.start(0);
  const origin = originOf(server);
  const client = createClient({ url: `ws://${origin}/rt`, WebSocket });
  const prices = await client.join('prices').ready;
  const heard = new Promise((resolve) => prices.on('message', resolve));
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"price":12}' };
  const response = await fetch(`http://${origin}/groups/prices`, request);
  expect(await response.json()).toMatchObject({ seq: 1 });
  expect(await heard).toMatchObject({ seq: 1, data: { price: 12 }, own: false });
  await client.close();
  await stop();
});
