import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createClient } from 'gateway-client';
import { createServer } from 'vite';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';

const root = fileURLToPath(new URL('../../examples/chat', import.meta.url));

// On the built packages, as `pnpm dev:chat` runs it.
test('dev:chat serves the page and the gateway on one port of the loopback interface', async () => {
  const vite = await createServer({ root, logLevel: 'error', server: { port: 0 }, optimizeDeps: { noDiscovery: true } });
  try {
    await vite.listen();
    const { address, port } = vite.httpServer!.address() as AddressInfo;
    expect(address).toBe('127.0.0.1');
    const page = await (await fetch(`http://127.0.0.1:${port}/`)).text();
    const [, main] = page.match(/<script type="module" src="(\/src\/[^"]+)">/) ?? [];
    expect(await (await fetch(`http://127.0.0.1:${port}${main}`)).text()).toContain('createRoot');
    const client = createClient({ url: `ws://127.0.0.1:${port}/rt`, WebSocket });
    const room = await client.join<string>('room:general').ready;
    expect(await room.publish('hello')).toMatchObject({ seq: 1 });
    await client.close();
  } finally {
    await vite.close();
  }
});
