import { createServer, type Server } from 'node:http';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Client } from './support/client.js';
import { rawUpgrade } from './support/raw-upgrade.js';
import { listen, startGateway } from './support/servers.js';

/** Sends back what it gets, on `/other`. Answers other paths with 400: so `ws` does. */
function attachOther(server: Server): void {
  const other = new WebSocketServer({ server, path: '/other' });
  other.on('connection', (client) => client.on('message', (data) => client.send(`other: ${data}`)));
}

/** The same in `noServer` mode: it leaves other paths alone. */
function routeOther(server: Server): void {
  const other = new WebSocketServer({ noServer: true });
  other.on('connection', (client) => client.on('message', (data) => client.send(`other: ${data}`)));
  server.on('upgrade', (request, socket, head) => {
    if (request.url !== '/other') return;
    other.handleUpgrade(request, socket, head, (client) => other.emit('connection', client, request));
  });
}

async function askOther(url: string): Promise<string> {
  const socket = new WebSocket(url);
  const answer = new Promise<string>((resolve, reject) => {
    socket.on('open', () => socket.send('hello'));
    socket.on('message', (data) => resolve(data.toString()));
    socket.on('error', reject);
  });
  return answer.finally(() => socket.close());
}

const modes: [mode: string, attach: (server: Server) => void][] = [
  ['in { server, path } mode', attachOther],
  ['in noServer mode', routeOther],
];

test.each(
  modes.flatMap(([mode, attach]) => [
    { mode, order: 'before', steps: [attach, (server: Server) => void startGateway({ server })] },
    { mode, order: 'after', steps: [(server: Server) => void startGateway({ server }), attach] },
  ]),
)('a ws server $mode, attached $order the gateway, and the gateway both keep working', async ({ steps }) => {
  const server = createServer((_request, response) => void response.end('plain'));
  for (const step of steps) step(server);
  const origin = await listen(server);
  const [a, b] = [await Client.join(`${origin}/rt`), await Client.join(`${origin}/rt`)];
  expect(await askOther(`${origin}/other`)).toBe('other: hello');
  expect(await a.say('from a')).toMatchObject({ seq: 1 });
  expect(await b.say('from b')).toMatchObject({ payload: { data: 'from a' } });
  expect(await b.next('data_update')).toMatchObject({ payload: { data: 'from b' } });
  expect(await askOther(`${origin}/other`)).toBe('other: hello');
  expect(await (await fetch(origin.replace('ws:', 'http:'))).text()).toBe('plain');
  await Promise.all([a.close(), b.close()]);
});

test('a path that nobody takes is left to the ws server, which answers 400', async () => {
  const server = createServer();
  startGateway({ server });
  attachOther(server);
  expect(await rawUpgrade({ url: `${await listen(server)}/nobody` })).toMatchObject({ status: 400 });
});
