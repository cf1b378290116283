import { createServer } from 'node:http';
import type { GatewayOptions } from 'gateway-core';
import { expect, test } from 'vitest';
import { Client } from './support/client.js';
import { rawUpgrade } from './support/raw-upgrade.js';
import { listen, startGateway } from './support/servers.js';

async function run(options: GatewayOptions) {
  const server = createServer();
  const gateway = startGateway({ server, ...options });
  return { gateway, url: `${await listen(server)}/rt` };
}

const forwarded = (value: string) => ({ headers: { 'X-Forwarded-For': value } });

test.each([
  { hops: 0, header: '203.0.113.7', address: '127.0.0.1' },
  { hops: 1, header: undefined, address: '127.0.0.1' },
  { hops: 1, header: '203.0.113.7', address: '203.0.113.7' },
  // What stands to the left was there before the proxy appended: the client may have made it up.
  { hops: 1, header: '198.51.100.1, 203.0.113.7', address: '203.0.113.7' },
  { hops: 2, header: '198.51.100.1, 203.0.113.7, 10.0.0.2', address: '203.0.113.7' },
  { hops: 2, header: '203.0.113.7,10.0.0.2', address: '203.0.113.7' },
  { hops: 1, header: '  2001:db8::7  ', address: '2001:db8::7' },
  { hops: 1, header: '203.0.113.7, ', address: '127.0.0.1' },
])('behind $hops proxies, X-Forwarded-For "$header" means $address', async ({ hops, header, address }) => {
  const { gateway, url } = await run({ trustProxyHops: hops });
  const client = await Client.join(url, 'group-1', header === undefined ? {} : forwarded(header));
  expect(gateway.connections().map(({ remoteAddress }) => remoteAddress)).toEqual([address]);
  await client.close();
});

test('behind a proxy the limit per address counts the addresses of the clients', async () => {
  const { url } = await run({ trustProxyHops: 1, limits: { connectionsPerAddressMax: 1 } });
  await Client.join(url, 'group-1', forwarded('203.0.113.7'));
  await Client.join(url, 'group-1', forwarded('203.0.113.8'));
  expect(await rawUpgrade({ url, ...forwarded('198.51.100.1, 203.0.113.7') })).toMatchObject({ status: 429 });
});

test('a client cannot get round the limit per address with a header of its own', async () => {
  const { url } = await run({ limits: { connectionsPerAddressMax: 1 } });
  await Client.join(url, 'group-1', forwarded('203.0.113.7'));
  expect(await rawUpgrade({ url, ...forwarded('203.0.113.8') })).toMatchObject({ status: 429 });
});
