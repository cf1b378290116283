import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway, type Gateway, type GatewayOptions } from 'gateway-core';
import { afterEach, expect, test } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function start(options: GatewayOptions): Promise<{ gateway: Gateway; url: string }> {
  const server = createServer();
  const gateway = createGateway({ server, ...options });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(async () => {
    await gateway.close();
    await new Promise((resolve) => server.close(resolve));
  });
  return { gateway, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/rt` };
}

/** Joins `group-1` and gives the texts of what comes after, with how many bytes each took on the wire. */
async function join(url: string, options: ClientOptions) {
  const ws = new WebSocket(url, options);
  const updates: { data: unknown }[] = [];
  let waiting: (() => void) | undefined;
  ws.on('message', (text) => {
    const { type, payload } = JSON.parse(String(text));
    if (type !== 'data_update') return;
    updates.push(payload);
    waiting?.();
  });
  await once(ws, 'open');
  ws.send(JSON.stringify({ type: 'identify', payload: { clientType: 'app-client', groupId: 'group-1' } }));
  await new Promise<void>((resolve) =>
    ws.on('message', (text) => {
      if (JSON.parse(String(text)).payload.presence) resolve();
    }),
  );
  const received = async (count: number) => {
    while (updates.length < count) {
      await new Promise<void>((resolve) => {
        waiting = resolve;
      });
    }
    return updates.map(({ data }) => data);
  };
  const bytesRead = () => (ws as unknown as { _socket: { bytesRead: number } })._socket.bytesRead;
  return { ws, received, bytesRead };
}

const long = 'compressible '.repeat(1_000);

test('nothing is compressed unless it was asked for', async () => {
  const { url } = await start({});
  const { ws } = await join(url, { perMessageDeflate: true });
  expect(ws.extensions).toBe('');
});

test('a long message is compressed for those who take it, and all get the same', async () => {
  const { gateway, url } = await start({ perMessageDeflate: true });
  const compressed = await join(url, { perMessageDeflate: true });
  const plain = await join(url, { perMessageDeflate: false });
  const before = { compressed: compressed.bytesRead(), plain: plain.bytesRead() };
  await gateway.publish('group-1', long);
  await gateway.publish('group-1', 'short');
  expect(await compressed.received(2)).toEqual([long, 'short']);
  expect(await plain.received(2)).toEqual([long, 'short']);
  expect(plain.bytesRead() - before.plain).toBeGreaterThan(long.length);
  expect(compressed.bytesRead() - before.compressed).toBeLessThan(long.length / 10);
});

test.each([9, 10, 14])(
  'a client that asked for a window of only %i bits gets frames as they are',
  async (serverMaxWindowBits) => {
    const { gateway, url } = await start({ perMessageDeflate: true });
    const small = await join(url, { perMessageDeflate: { serverMaxWindowBits } });
    const before = small.bytesRead();
    await gateway.publish('group-1', long);
    expect(await small.received(1)).toEqual([long]);
    expect(small.bytesRead() - before).toBeGreaterThan(long.length);
  },
);

test('a compressed message from a client is relayed, and one that inflates past the limit is closed with 1009', async () => {
  const { url } = await start({ perMessageDeflate: true, limits: { messageBytesMax: 32 * 1024 } });
  const sender = await join(url, { perMessageDeflate: { threshold: 0 } });
  sender.ws.send(JSON.stringify({ type: 'data_update', payload: { data: long } }));
  expect(await sender.received(1)).toEqual([long]);
  sender.ws.send(JSON.stringify({ type: 'data_update', payload: { data: 'x'.repeat(10_000_000) } }));
  const [code] = await once(sender.ws, 'close');
  expect(code).toBe(1009);
});

test('the log counts what it holds compressed', async () => {
  const { gateway, url } = await start({ perMessageDeflate: true });
  await join(url, { perMessageDeflate: false });
  const before = gateway.stats().logBytes;
  await gateway.publish('group-1', long);
  await new Promise((resolve) => setImmediate(resolve));
  const plain = gateway.stats().logBytes - before;
  const compressed = await join(url, { perMessageDeflate: true });
  await gateway.publish('group-1', long);
  await compressed.received(1);
  // Two slabs of one message each, and the compressed form of the second.
  expect(gateway.stats().logBytes - before).toBeGreaterThan(2 * plain);
});
