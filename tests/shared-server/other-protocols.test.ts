import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { expect, test } from 'vitest';
import { Client } from './support/client.js';
import { openRaw, rawUpgrade } from './support/raw-upgrade.js';
import { selfSigned } from './support/self-signed.js';
import { listen, startGateway } from './support/servers.js';

/** Offers HTTP/2 as Java's HttpClient and `curl --http2` do, on every plain request (RFC 7540 §3.2). */
const H2C = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAAP__' };

/** Says what it was asked, and closes after it. */
function host(): Server {
  return createServer(async (request, response) => {
    const { method, url, headers, rawHeaders } = request;
    response.setHeader('Connection', 'close');
    const { upgrade, connection, accept } = headers;
    response.end(
      JSON.stringify({ method, url, upgrade, connection, accept, headers: rawHeaders.length / 2, body: await text(request) }),
    );
  });
}

test('a plain request that offers HTTP/2 reaches the host, as it would without a gateway', async () => {
  const server = host();
  startGateway({ server });
  startGateway({ server, path: '/staff/rt' });
  const url = `${await listen(server)}/page?x=1`;
  const { status, body } = await rawUpgrade({ url, target: '/page?x=1', headers: { ...H2C, Accept: 'text/html' } });
  expect(status).toBe(200);
  expect(body).toContain('"method":"GET","url":"/page?x=1","connection":"","accept":"text/html","headers":5,"body":""');
});

test('its body reaches the host as well, however late it comes', async () => {
  const server = host();
  startGateway({ server });
  const headers = { ...H2C, Connection: 'keep-alive, upgrade, http2-settings', 'Content-Length': '10' };
  const socket = openRaw({ url: await listen(server), method: 'POST', target: '/form', headers });
  socket.write('01234');
  server.once('request', () => socket.write('56789'));
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answer).toContain('"method":"POST","url":"/form","connection":"keep-alive"');
  expect(answer).toContain('"body":"0123456789"');
});

test('the same behind TLS', async () => {
  const { key, cert } = selfSigned();
  const server = createTlsServer({ key, cert }, (request, response) => {
    response.setHeader('Connection', 'close');
    response.end(`plain ${request.url}`);
  });
  startGateway({ server });
  const { port } = new URL(await listen(server));
  const socket: Duplex = connectTls({ port: Number(port), host: '127.0.0.1', ca: cert });
  socket.write('GET /page HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nplain \/page$/s);
});

test('where somebody else listens, it is theirs', async () => {
  const server = host();
  startGateway({ server });
  server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 418 Teapot\r\nConnection: close\r\n\r\n'));
  expect(await rawUpgrade({ url: await listen(server), headers: H2C })).toMatchObject({ status: 418 });
});

test('a request with more headers than the server keeps is refused, for its length may be among those that are gone', async () => {
  const server = host();
  server.maxHeadersCount = 10;
  startGateway({ server });
  const url = await listen(server);
  const more = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`x-${index}`, '1']));
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const headers = { ...H2C, ...more, 'Content-Length': String(smuggled.length) };
  const socket = openRaw({ url, method: 'POST', target: '/', headers });
  socket.write(smuggled);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 404 (?:(?!HTTP\/).)*$/s);
});

test.each(['websocket, h2c', 'h2c, WebSocket', ' h2c ,websocket,', 'h2c,websocket'])(
  'Upgrade: %s offers WebSocket among others, and is taken on the path of the gateway',
  async (upgrade) => {
    const server = host();
    startGateway({ server });
    const url = await listen(server);
    const headers = { ...H2C, Upgrade: upgrade };
    const { status, headers: answered } = await rawUpgrade({ url: `${url}/rt`, headers });
    expect([status, answered.upgrade]).toEqual([101, 'websocket']);
    expect((await rawUpgrade({ url: `${url}/nobody`, headers })).status).toBe(404);
  },
);

test.each(['websockets', 'h2c, xwebsocket', 'web socket', 'websocket/13', 'my-websocket'])(
  'Upgrade: %s offers none',
  async (upgrade) => {
    const server = host();
    startGateway({ server });
    const url = await listen(server);
    expect((await rawUpgrade({ url: `${url}/rt`, headers: { Upgrade: upgrade } })).status).toBe(400);
    expect((await rawUpgrade({ url: `${url}/page`, headers: { Upgrade: upgrade } })).status).toBe(200);
  },
);

test('WebSocket clients are served as before, on the path of the gateway and nowhere else', async () => {
  const server = host();
  startGateway({ server });
  const origin = await listen(server);
  expect(await rawUpgrade({ url: `${origin}/nobody`, headers: { Upgrade: 'WebSocket' } })).toMatchObject({ status: 404 });
  expect(await rawUpgrade({ url: `${origin}/nobody`, headers: { Upgrade: 'h2c, websocket' } })).toMatchObject({ status: 404 });
  await (await Client.join(`${origin}/rt`)).close();
});
