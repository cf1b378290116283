import { createServer, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Gateway, GatewayOptions } from 'gateway-core';
import { expect, test, vi } from 'vitest';
import { Client } from './support/client.js';
import { openRaw, type RawRequest, rawUpgrade } from './support/raw-upgrade.js';
import { listen, startGateway } from './support/servers.js';

interface Running {
  server: Server;
  gateway: Gateway;
  url: string;
}

async function run(options: GatewayOptions = {}): Promise<Running> {
  const server = createServer((_request, response) => void response.end('plain'));
  const gateway = startGateway({ server, ...options });
  return { server, gateway, url: `${await listen(server)}/rt` };
}

const LIST: GatewayOptions = { allowedOrigins: ['https://app.example'] };
const from = (origin: string) => ({ headers: { Origin: origin } });
const throwing = () => {
  throw new Error('not a good moment');
};

test.each<[what: string, request: Omit<RawRequest, 'url'>, options: GatewayOptions, status: number, body: string]>([
  ['another method', { method: 'POST' }, {}, 405, 'the handshake is a GET'],
  ['HTTP/1.0', { version: 'HTTP/1.0' }, {}, 400, 'the handshake is HTTP/1.1 or higher'],
  ['another protocol', { headers: { Upgrade: 'h2c' } }, {}, 400, 'Upgrade must be websocket'],
  ['no version', { headers: { 'Sec-WebSocket-Version': undefined } }, {}, 426, 'Sec-WebSocket-Version must be 13'],
  ['an old version', { headers: { 'Sec-WebSocket-Version': '8' } }, {}, 426, 'Sec-WebSocket-Version must be 13'],
  ['no key', { headers: { 'Sec-WebSocket-Key': undefined } }, {}, 400, 'Sec-WebSocket-Key must be 16 bytes in base64'],
  ['a short key', { headers: { 'Sec-WebSocket-Key': 'AAAA' } }, {}, 400, 'Sec-WebSocket-Key must be 16 bytes in base64'],
  ['another origin', from('https://evil.example'), LIST, 403, 'this origin may not connect'],
  ['an origin that begins right', from('https://app.example.evil.example'), LIST, 403, 'this origin may not connect'],
  ['the origin of a sandboxed frame', from('null'), LIST, 403, 'this origin may not connect'],
  ['what the host calls another origin', {}, { allowedOrigins: () => false }, 403, 'this origin may not connect'],
  ['what the host answers with more than yes', {}, { allowedOrigins: () => 'yes' as never }, 403, 'this origin may not connect'],
  ['what the host refuses later', {}, { allowedOrigins: async () => false }, 403, 'this origin may not connect'],
  ['a check that fails later', {}, { allowedOrigins: async () => throwing() }, 500, 'the origin could not be checked'],
  ['an origin check that throws', {}, { allowedOrigins: throwing }, 500, 'the origin could not be checked'],
])(
  '%s is refused with an HTTP status and a short body [R224] [R225] [R226] [R228] [R229] [R232]',
  async (_what, request, options, status, body) => {
    const { gateway, url } = await run(options);
    const response = await rawUpgrade({ url, ...request });
    expect(response).toMatchObject({ status, body: `${body}\n` });
    expect(response.headers.connection?.split(', ')).toContain('close');
    expect(response.headers).toMatchObject({ 'content-length': String(body.length + 1) });
    expect(gateway.stats()).toMatchObject({ refusedTotal: 1, connections: 0 });
    // The server goes on.
    expect(await (await fetch(url.replace('ws:', 'http:'))).text()).toBe('plain');
  },
);

test('a refusal says what would be right [R228] [R229]', async () => {
  const { url } = await run();
  const headersOf = async (request: Omit<RawRequest, 'url'>) => (await rawUpgrade({ url, ...request })).headers;
  expect(await headersOf({ method: 'PUT' })).toMatchObject({ allow: 'GET' });
  expect(await headersOf({ headers: { 'Sec-WebSocket-Version': '7' } })).toMatchObject({
    connection: 'Upgrade, close',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
  });
});

test('an allowed origin connects, and so does a client that is no browser', async () => {
  const { url } = await run(LIST);
  await (await Client.join(url, 'group-1', { origin: 'https://app.example' })).close();
  await (await Client.join(url)).close();
});

test('an origin that the host allows later connects, with what the client has sent meanwhile', async () => {
  const server = createServer();
  const answers: ((allowed: boolean) => void)[] = [];
  startGateway({ server, allowedOrigins: () => new Promise((resolve) => answers.push(resolve)) });
  const socket = openRaw({ url: `${await listen(server)}/rt` });
  // An unmasked ping right behind the handshake: a client that breaks the protocol is told so once it is in (RFC 6455 §5.1).
  socket.write(Buffer.from([0x89, 0x00]));
  await vi.waitUntil(() => answers.length === 1);
  answers[0]?.(true);
  const answer = await buffer(socket);
  expect(answer.toString('latin1')).toMatch(/^HTTP\/1\.1 101 /);
  expect(answer.indexOf(Buffer.from([0x03, 0xea]))).toBeGreaterThan(0);
});

test('one connection more than the limit in all gets 503, until one has left [R233]', async () => {
  const { url } = await run({ limits: { connectionsMax: 2 } });
  const [a] = [await Client.join(url), await Client.join(url)];
  const response = await rawUpgrade({ url });
  expect(response).toMatchObject({ status: 503, body: 'too many connections\n', headers: { 'retry-after': '5' } });
  await a?.close();
  await Client.join(url);
});

test('one connection more than the limit per address gets 429, until one has left [R231]', async () => {
  const { url } = await run({ limits: { connectionsPerAddressMax: 2 } });
  const [a] = [await Client.join(url), await Client.join(url)];
  const response = await rawUpgrade({ url });
  const body = 'too many connections from this address\n';
  expect(response).toMatchObject({ status: 429, body, headers: { 'retry-after': '5' } });
  await a?.close();
  await Client.join(url);
});

test('a gateway that drains answers 503, and once it has closed its path is the business of the host [R233]', async () => {
  const { gateway, url } = await run();
  const slow = openRaw({ url });
  const connected = new Promise<void>((resolve) => gateway.on('connection', () => resolve()));
  await connected;
  // It never answers the close frame, so the gateway drains until its deadline or until this one is gone.
  const closed = gateway.close({ graceMs: 60_000 });
  expect(await rawUpgrade({ url })).toMatchObject({ status: 503, body: 'draining\n', headers: { 'retry-after': '1' } });
  slow.destroy();
  await closed;
  expect(await (await fetch(url.replace('ws:', 'http:'))).text()).toBe('plain');
});
