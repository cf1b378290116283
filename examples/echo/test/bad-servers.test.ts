import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { createGateway } from 'gateway-core';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { listen } from '../../../tests/shared-server/support/servers.js';
import { EchoFailure } from '../src/stage.js';
import { play } from './play.js';

test('a server that accepts and stays silent fails the scenario after the timeout', async () => {
  const url = await listen(createTcpServer(() => {}));
  await expect(play({ url, timeoutMs: 50 })).rejects.toThrow(
    new EchoFailure('A did not receive ready on connect: nothing came in 50 ms'),
  );
});

test('a server that upgrades and stays silent fails it too', async () => {
  const server = createServer();
  new WebSocketServer({ server });
  await expect(play({ url: await listen(server), timeoutMs: 50 })).rejects.toThrow('ready on connect: nothing came in 50 ms');
});

test('a server that drops the connection fails it at once', async () => {
  const server = createServer();
  new WebSocketServer({ server }).on('connection', (client) => client.terminate());
  await expect(play({ url: await listen(server) })).rejects.toThrow('A did not receive ready on connect: closed with 1006');
});

test('a server without the path, and one that is not there, fail it at once', async () => {
  const server = createServer();
  createGateway({ server, path: '/elsewhere' });
  const url = `${await listen(server)}/rt`;
  await expect(play({ url })).rejects.toThrow('A did not receive ready on connect: Unexpected server response: 404');
  server.close();
  await expect(play({ url })).rejects.toThrow('A did not receive ready on connect: connect ECONNREFUSED');
});

test('a server that speaks something else fails it at once', async () => {
  const server = createServer();
  new WebSocketServer({ server }).on('connection', (client) => client.send('hello'));
  await expect(play({ url: await listen(server) })).rejects.toThrow('ready on connect: the server sent what is not an envelope');
});

test('an error envelope from the gateway fails it at once', async () => {
  const server = createServer();
  createGateway({ server, authorize: () => false });
  await expect(play({ url: `${await listen(server)}/rt` })).rejects.toThrow(
    /^A did not receive ready after identify but error .*"FORBIDDEN"/,
  );
});
