import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Server as SocketIo } from 'socket.io';
import { io } from 'socket.io-client';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import * as express from '../../examples/embed/src/express.js';
import { Client } from './support/client.js';
import { startGateway } from './support/servers.js';

test('Express routes, two gateways, Socket.IO and a ws server share one server', async () => {
  const { server, gateway } = await express.start(0);
  new WebSocketServer({ server, path: '/other' }).on('connection', (client) => client.send('{"type":"ready"}'));
  new SocketIo(server).on('connection', (socket) => socket.on('ask', (answer: (text: string) => void) => answer('socket.io')));
  const staff = startGateway({ server, path: '/staff/rt' });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  const [a, b] = [await Client.join(`ws://${host}/rt`), await Client.join(`ws://${host}/staff/rt`)];
  const other = await Client.connect(`ws://${host}/other`);
  const asking = io(`http://${host}`, { transports: ['polling'], forceNew: true });

  expect(await a.say('a')).toMatchObject({ seq: 1 });
  expect(await b.say('b')).toMatchObject({ seq: 1 });
  expect(await other.next('ready')).toEqual({ type: 'ready' });
  expect(await asking.emitWithAck('ask')).toBe('socket.io');
  expect(await (await fetch(`http://${host}/`)).text()).toBe('hello from express\n');

  // The gateways leave; the others stay.
  await Promise.all([gateway.close(), staff.close()]);
  expect(await Promise.all([a.closed, b.closed])).toEqual([1012, 1012]);
  expect(await asking.emitWithAck('ask')).toBe('socket.io');
  expect(await (await fetch(`http://${host}/`)).text()).toBe('hello from express\n');
  await (await Client.connect(`ws://${host}/other`)).close();

  await other.close();
  asking.disconnect();
  server.close();
  // A poll of Socket.IO that the server holds open would keep it from closing.
  server.closeAllConnections();
  await once(server, 'close');
});
