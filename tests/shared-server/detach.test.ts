import { EventEmitter } from 'node:events';
import { createServer, type Server } from 'node:http';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { Client } from './support/client.js';
import { listen, startGateway } from './support/servers.js';

/** What a gateway could have left behind on a server. */
const traces = (server: Server) => ({
  own: Object.getOwnPropertyNames(server).sort(),
  emit: server.emit,
  upgrade: server.listeners('upgrade'),
  events: server.eventNames(),
});

test('after close the server is as it was before the gateway, and goes on', async () => {
  const server = createServer((_request, response) => void response.end('plain'));
  const origin = await listen(server);
  const before = traces(server);
  const gateway = startGateway({ server });
  expect(traces(server)).not.toEqual(before);
  const client = await Client.join(`${origin}/rt`);
  await gateway.close();
  expect(await client.closed).toBe(1012);
  expect(traces(server)).toEqual(before);
  expect(server.emit).toBe(EventEmitter.prototype.emit);
  expect(await (await fetch(origin.replace('ws:', 'http:'))).text()).toBe('plain');
});

test.each([[[0, 1, 2]], [[2, 1, 0]], [[1, 2, 0]]])(
  'three gateways that close in the order %j leave nothing behind',
  async (order) => {
    const server = createServer();
    const before = traces(server);
    const gateways = ['/a', '/b', '/c'].map((path) => startGateway({ server, path }));
    for (const index of order) await gateways[index]?.close();
    expect(traces(server)).toEqual(before);
  },
);

test('a gateway can be closed and made again on the same server, over and over', async () => {
  const server = createServer();
  const before = traces(server);
  const url = `${await listen(server)}/rt`;
  const listening = traces(server);
  for (let round = 0; round < 3; round += 1) {
    const gateway = startGateway({ server });
    const client = await Client.join(url);
    expect(await client.say(round)).toMatchObject({ seq: 1 });
    await client.close();
    await gateway.close();
    expect(traces(server)).toEqual(listening);
  }
  expect(before.emit).toBe(server.emit);
});

test('other upgrade listeners go on after close, and get the path of the gateway too', async () => {
  const server = createServer();
  const gateway = startGateway({ server });
  new WebSocketServer({ server }).on('connection', (client) => client.send('{"type":"ready"}'));
  const url = `${await listen(server)}/rt`;
  expect((await (await Client.connect(url)).next('ready')).payload.connectionId).toBeTypeOf('string');
  await gateway.close();
  expect(await (await Client.connect(url)).next('ready')).toEqual({ type: 'ready' });
});

test('somebody who has wrapped emit since is not unwrapped, and goes on', async () => {
  const server = createServer((_request, response) => void response.end('plain'));
  const gateway = startGateway({ server });
  const seen: unknown[] = [];
  const { emit } = server;
  const theirs: typeof emit = (event: string, ...args: unknown[]) => {
    seen.push(event);
    return Reflect.apply(emit, server, [event, ...args]);
  };
  server.emit = theirs;
  const origin = await listen(server);
  await (await Client.join(`${origin}/rt`)).close();
  await gateway.close();
  expect(server.emit).toBe(theirs);
  expect(await (await fetch(origin.replace('ws:', 'http:'))).text()).toBe('plain');
  expect(seen).toContain('upgrade');
  // A gateway made now works as well.
  const next = startGateway({ server });
  await (await Client.join(`${origin}/rt`)).close();
  await next.close();
  expect(server.listenerCount('upgrade')).toBe(0);
  await expect(Client.connect(`${origin}/rt`)).rejects.toThrow('200');
});

test('who has kept the emit of the server from before the gateway still brings clients to it', async () => {
  const server = createServer();
  const emit = server.emit.bind(server);
  const gateway = startGateway({ server });
  // A second server for another address, as Fastify makes one for each address of localhost.
  const second = createServer().on('upgrade', (request, socket, head) => void emit('upgrade', request, socket, head));
  const client = await Client.join(`${await listen(second)}/rt`);
  expect(await client.say('hello')).toMatchObject({ seq: 1 });
  expect(gateway.stats().connectionsTotal).toBe(1);
  await client.close();
  await gateway.close();
});
