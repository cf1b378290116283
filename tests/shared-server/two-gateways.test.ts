import { createServer } from 'node:http';
import { createGateway } from 'gateway-core';
import { expect, test, vi } from 'vitest';
import { withBooks } from '../../packages/gateway-core/test/support/books.js';
import { Client } from './support/client.js';
import { rawUpgrade } from './support/raw-upgrade.js';
import { listen, startGateway } from './support/servers.js';

test('two gateways on two paths serve their own clients, and share nothing', async () => {
  const server = createServer();
  const [rt, staff] = [startGateway({ server }), startGateway({ server, path: '/staff/rt' })];
  const origin = await listen(server);
  const [a, b] = [await Client.join(`${origin}/rt`), await Client.join(`${origin}/staff/rt`)];
  await a.say('to the public');
  expect(await b.say('to the staff')).toMatchObject({ seq: 1, payload: { data: 'to the staff' } });
  expect([rt.stats().connections, staff.stats().connections]).toEqual([1, 1]);

  await rt.close();
  expect(await a.closed).toBe(1012);
  expect(await rawUpgrade({ url: `${origin}/rt` })).toMatchObject({ status: 404 });
  expect(await b.say('the other goes on')).toMatchObject({ seq: 2 });
  await b.close();
  await Client.join(`${origin}/staff/rt`);
  await staff.close();
});

test('an upgrade that neither of two gateways takes gets one 404', async () => {
  const server = createServer();
  startGateway({ server });
  startGateway({ server, path: '/staff/rt' });
  const { status, body } = await rawUpgrade({ url: `${await listen(server)}/nobody` });
  expect({ status, body }).toEqual({ status: 404, body: 'nothing accepts WebSocket connections here\n' });
});

test('gateways of two copies of the package, as of its ESM and its CommonJS, share a server as well', async () => {
  const server = createServer();
  const emitBefore = server.emit;
  const one = startGateway({ server });
  vi.resetModules();
  const copy = await import('gateway-core');
  expect(copy.createGateway).not.toBe(createGateway);
  const other = withBooks(copy.createGateway({ server, path: '/staff/rt' }));
  const origin = await listen(server);
  const [a, b] = [await Client.join(`${origin}/rt`), await Client.join(`${origin}/staff/rt`)];
  const { status, body } = await rawUpgrade({ url: `${origin}/nobody` });
  expect({ status, body }).toEqual({ status: 404, body: 'nothing accepts WebSocket connections here\n' });
  await Promise.all([a.close(), b.close()]);
  await other.close();
  await one.close();
  expect(server.emit).toBe(emitBefore);
});

test('of two gateways on one path the newer one takes the clients, and leaves them to the older one when it closes', async () => {
  const server = createServer();
  const [older, newer] = [startGateway({ server }), startGateway({ server })];
  const url = `${await listen(server)}/rt`;
  await (await Client.join(url)).close();
  expect([older.stats().connectionsTotal, newer.stats().connectionsTotal]).toEqual([0, 1]);
  await newer.close();
  await (await Client.join(url)).close();
  expect(older.stats().connectionsTotal).toBe(1);
});
