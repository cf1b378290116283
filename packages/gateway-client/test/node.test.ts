import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Client, type ClientOptions, createClient } from 'gateway-client';
import { createGateway, type GatewayOptions } from 'gateway-core';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/rt`;
}

async function gatewayAt(options: GatewayOptions = {}): Promise<string> {
  const server = createServer();
  const gateway = createGateway({ server, ...options });
  const url = await listening(server);
  onTestFinished(() => gateway.close({ graceMs: 0 }));
  return url;
}

function clientOf(options: ClientOptions): Client {
  const client = createClient({ WebSocket, ...options });
  onTestFinished(() => client.close());
  return client;
}

test('a real port, with `ws` passed in: publishes, is dropped, and goes on where it was', async () => {
  const url = await gatewayAt();
  const sockets: WebSocket[] = [];
  class Watched extends WebSocket {
    constructor(address: string) {
      super(address);
      sockets.push(this);
    }
  }
  const client = clientOf({ url, WebSocket: Watched, backoff: { firstMs: 1, baseMs: 1 } });
  const group = await client.join<number>('g').ready;
  const heard: number[] = [];
  group.on('message', ({ data }) => heard.push(data));
  expect(await group.publish(1)).toMatchObject({ seq: 1 });
  const member = client.memberId;
  sockets[0]!.terminate();
  const second = group.publish(2);
  expect(await second).toMatchObject({ seq: 2 });
  await vi.waitUntil(() => heard.length === 2);
  expect(client.memberId).toBe(member);
  expect(sockets).toHaveLength(2);
});

describe('[B80] an upgrade that is refused', () => {
  test.each([403, 404, 429, 503])('with %i: the client says that it cannot be reached, and tries on', async (status) => {
    const server = createServer();
    server.on('upgrade', (_, socket) => socket.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\n\r\n`));
    const client = clientOf({ url: await listening(server) });
    void client.connect();
    await vi.waitUntil(() => client.status.get().reason !== undefined);
    expect(client.status.get()).toMatchObject({ state: 'connecting', reason: { code: 1006, error: { code: 'UNREACHABLE' } } });
    expect(client.status.get().retryAt).toBeGreaterThan(Date.now() - 1_000);
  });
});

test('[B81] a URL that the platform refuses to open stops the client', async () => {
  class Strict {
    constructor() {
      throw new DOMException(
        'An insecure WebSocket connection may not be initiated from a page loaded over HTTPS.',
        'SecurityError',
      );
    }
  }
  const client = clientOf({ url: 'ws://gateway/rt', WebSocket: Strict as never });
  await expect(client.connect()).rejects.toMatchObject({ code: 'STOPPED' });
  expect(client.status.get()).toMatchObject({ state: 'stopped', reason: { error: { code: 'INVALID_URL' } } });
});

test('where there is no WebSocket class the client stops, and says what to pass', async () => {
  const scope = globalThis as { WebSocket?: unknown };
  const { WebSocket: known } = scope;
  delete scope.WebSocket;
  onTestFinished(() => {
    if (known !== undefined) scope.WebSocket = known;
  });
  const client = createClient({ url: 'ws://gateway/rt' });
  await expect(client.connect()).rejects.toThrow('ws');
  expect(client.status.get().reason?.error?.code).toBe('NO_WEBSOCKET');
});
