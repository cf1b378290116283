import { createServer, type Server } from 'node:http';
import { Server as SocketIo } from 'socket.io';
import { io } from 'socket.io-client';
import { expect, test } from 'vitest';
import { Client } from './support/client.js';
import { rawUpgrade } from './support/raw-upgrade.js';
import { listen, startGateway } from './support/servers.js';

function attachSocketIo(server: Server): void {
  new SocketIo(server, { destroyUpgradeTimeout: 10 }).on('connection', (socket) => {
    socket.on('ask', (text: string, answer: (text: string) => void) => answer(`socket.io: ${text}`));
  });
}

/** Asks over one Socket.IO connection, and answers what came back and over which transport. */
async function askSocketIo(origin: string, transports: string[], last: string): Promise<string> {
  const socket = io(origin.replace('ws:', 'http:'), { transports, forceNew: true, reconnection: false });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('connect', resolve);
      socket.on('connect_error', reject);
    });
    const { engine } = socket.io;
    if (engine.transport.name !== last) await new Promise((resolve) => engine.once('upgrade', resolve));
    return `${await socket.emitWithAck('ask', 'hello')} over ${engine.transport.name}`;
  } finally {
    socket.disconnect();
  }
}

test.each([
  { order: 'before', steps: [attachSocketIo, (server: Server) => void startGateway({ server })] },
  { order: 'after', steps: [(server: Server) => void startGateway({ server }), attachSocketIo] },
])('Socket.IO, attached $order the gateway, keeps its transports, and the gateway its clients', async ({ steps }) => {
  const server = createServer((_request, response) => void response.end('plain'));
  for (const step of steps) step(server);
  const origin = await listen(server);
  const [a, b] = [await Client.join(`${origin}/rt`), await Client.join(`${origin}/rt`)];
  expect(await askSocketIo(origin, ['polling'], 'polling')).toBe('socket.io: hello over polling');
  expect(await askSocketIo(origin, ['websocket'], 'websocket')).toBe('socket.io: hello over websocket');
  expect(await askSocketIo(origin, ['polling', 'websocket'], 'websocket')).toBe('socket.io: hello over websocket');
  expect(await a.say('from a')).toMatchObject({ seq: 1 });
  expect(await b.next('data_update')).toMatchObject({ payload: { data: 'from a' } });
  expect(await (await fetch(origin.replace('ws:', 'http:'))).text()).toBe('plain');
  // Socket.IO cuts what nobody has taken, without an answer.
  expect(await rawUpgrade({ url: `${origin}/nobody` })).toMatchObject({ status: 0 });
  await Promise.all([a.close(), b.close()]);
});
