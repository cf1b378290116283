import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { Client } from './support/client.js';
import { rawUpgrade } from './support/raw-upgrade.js';
import { listen, startGateway } from './support/servers.js';

test('an upgrade that nobody takes gets 404 where the gateway is alone [R227]', async () => {
  const server = createServer();
  startGateway({ server });
  expect(await rawUpgrade({ url: `${await listen(server)}/nobody` })).toEqual({
    status: 404,
    headers: { connection: 'close', 'content-type': 'text/plain; charset=utf-8', 'content-length': '43' },
    body: 'nothing accepts WebSocket connections here\n',
  });
});

test('an upgrade that nobody takes is left alone where somebody else listens, for as long as they do', async () => {
  const server = createServer();
  startGateway({ server });
  const url = `${await listen(server)}/nobody`;
  const seen: (string | undefined)[] = [];
  const teapot: Parameters<typeof server.on>[1] = (request, socket) => {
    seen.push(request.url);
    // A turn later, as one that asks a database first.
    setImmediate(() => socket.end("HTTP/1.1 418 I'm a teapot\r\nConnection: close\r\n\r\nshort and stout"));
  };
  server.on('upgrade', teapot);
  expect(await rawUpgrade({ url })).toMatchObject({ status: 418, body: 'short and stout' });
  // What the gateway takes is kept from others.
  await (await Client.join(url.replace('nobody', 'rt'))).close();
  expect(seen).toEqual(['/nobody']);
  server.off('upgrade', teapot);
  expect(await rawUpgrade({ url })).toMatchObject({ status: 404 });
});

test('where the host answers no requests at all, a plain one on the path of the gateway is 426, or 405 [R230]', async () => {
  const server = createServer();
  startGateway({ server });
  startGateway({ server, path: '/staff' });
  const origin = (await listen(server)).replace('ws:', 'http:');
  for (const path of ['/rt', '/rt/?x', '/staff']) {
    const response = await fetch(origin + path);
    expect(response.status).toBe(426);
    expect(Object.fromEntries(response.headers)).toMatchObject({ connection: 'Upgrade', upgrade: 'websocket' });
    expect(await response.text()).toBe('this path takes WebSocket connections only\n');
    expect((await fetch(origin + path, { method: 'HEAD' })).status).toBe(426);
    const post = await fetch(origin + path, { method: 'POST', body: 'x' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET']);
  }
  // On other paths, and once somebody answers, requests are the host's.
  server.on('request', (request, response) => void response.end(`plain ${request.url}`));
  expect(await (await fetch(`${origin}/rt`)).text()).toBe('plain /rt');
});

test('a plain request for the path of the gateway is the own business of the host', async () => {
  const server = createServer((request, response) => void response.end(`plain ${request.url}`));
  startGateway({ server });
  const origin = (await listen(server)).replace('ws:', 'http:');
  expect(await (await fetch(`${origin}/rt`)).text()).toBe('plain /rt');
});
