import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { request, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { type RunningServer, serve } from 'gateway-cli';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

let server: RunningServer;
beforeEach(async () => {
  server = await serve({ port: 0, host: '127.0.0.1' });
});
afterEach(() => server.close());

interface Answer {
  status: number | undefined;
  headers: NodeJS.Dict<string | string[]>;
  body: string;
}

/** Not `fetch`, which would tidy up paths before sending them. */
function ask(path: string, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path, method }, async (response) => {
      resolve({ status: response.statusCode, headers: response.headers, body: await text(response) });
    })
      .on('error', reject)
      .end();
  });
}

test.each(['/health', '/health?verbose=1'])('GET %s is 200 with the status, not to be cached', async (path) => {
  const { status, headers, body } = await ask(path);
  expect(status).toBe(200);
  expect(JSON.parse(body)).toEqual({ ok: true, data: { status: 'ok' } });
  expect(headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
});

test('while the gateway can do less than it should, /health says so, with 200', async () => {
  await server.close();
  let reason: string | undefined = 'Redis is away';
  server = await serve({ port: 0, host: '127.0.0.1', degraded: () => reason });
  const answer = await ask('/health');
  expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { ok: true, data: { status: 'DEGRADED', reason } }]);
  reason = undefined;
  expect(JSON.parse((await ask('/health')).body)).toEqual({ ok: true, data: { status: 'ok' } });
});

test('with probes, what lives and what is ready are told apart in a drain', async () => {
  await server.close();
  let reason: string | undefined = 'Redis is away';
  server = await serve({ port: 0, host: '127.0.0.1', probes: true, degraded: () => reason, timings: { drainDelayMs: 60_000 } });
  const statusOf = async (path: string) => (await ask(path)).status;
  expect(await Promise.all(['/livez', '/readyz', '/health'].map(statusOf))).toEqual([200, 200, 200]);
  expect(JSON.parse((await ask('/readyz')).body).data.status).toBe('DEGRADED');
  expect(JSON.parse((await ask('/livez')).body).data.status).toBe('ok');
  expect((await ask('/livez', 'POST')).status).toBe(405);
  reason = undefined;
  void server.gateway.close({ graceMs: 0 });
  expect(await Promise.all(['/livez', '/readyz', '/health'].map(statusOf))).toEqual([200, 503, 503]);
  server = await serve({ port: 0, host: '127.0.0.1' });
  expect(await Promise.all(['/livez', '/readyz'].map(statusOf))).toEqual([404, 404]);
});

test('HEAD /health is 200 with the headers alone', async () => {
  const head = await ask('/health', 'HEAD');
  const get = await ask('/health');
  expect(head).toMatchObject({ status: 200, body: '' });
  expect(head.headers['content-length']).toBe(get.headers['content-length']);
});

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s /health is 405 and names the methods', async (method) => {
  const { status, headers, body } = await ask('/health', method);
  expect(status).toBe(405);
  expect(headers.allow).toBe('GET, HEAD');
  expect(JSON.parse(body)).toMatchObject({ ok: false, error: { code: 'METHOD_NOT_ALLOWED' } });
});

test.each(['/', '/rt/x', '/rtx', '/healthy', '/health/', '//health', '/%', '/../health'])('GET %s is 404', async (path) => {
  const { status, body } = await ask(path);
  expect(status).toBe(404);
  expect(JSON.parse(body)).toMatchObject({ ok: false, error: { code: 'NOT_FOUND' } });
});

test.each(['/rt', '/rt/', '/rt?token=1'])('a plain GET %s is 426, and says which upgrade', async (path) => {
  const { status, headers, body } = await ask(path);
  expect(status).toBe(426);
  expect(headers).toMatchObject({ connection: 'Upgrade', upgrade: 'websocket' });
  expect(JSON.parse(body)).toMatchObject({ ok: false, error: { code: 'UPGRADE_REQUIRED' } });
  expect((await ask(path, 'HEAD')).status).toBe(426);
});

test('another method on the path of the gateway is 405, as with an upgrade', async () => {
  const { status, headers } = await ask('/rt', 'POST');
  expect([status, headers.allow]).toEqual([405, 'GET']);
});

test('where clients connect on /health, probes are still answered', async () => {
  const both = await serve({ port: 0, host: '127.0.0.1', path: '/health' });
  expect((await fetch(both.healthUrl)).status).toBe(200);
  await both.close();
});

test('while the gateway drains /health is 503 and asks to close the connection; then the port is free', async () => {
  // A client that never answers the gateway's close frame holds the drain up.
  const client = connect(server.port, '127.0.0.1');
  const upgraded = new Promise((resolve) => client.once('data', resolve));
  client.write(
    `GET /rt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${btoa('0123456789abcdef')}\r\n\r\n`,
  );
  await upgraded;

  const closed = server.close();
  const { status, headers, body } = await ask('/health');
  expect(status).toBe(503);
  expect(headers.connection).toBe('close');
  expect(JSON.parse(body)).toMatchObject({ ok: false, error: { code: 'DRAINING' } });

  client.destroy();
  await closed;
  await expect(ask('/health')).rejects.toThrow('ECONNREFUSED');
});

const ipv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));

// A machine without IPv6 has no such address to listen on.
test.skipIf(!ipv6)('an IPv6 address is in brackets in the addresses that clients are told', async () => {
  const onAll = await serve({ port: 0, host: '::' });
  try {
    expect(onAll.url).toBe(`ws://[::1]:${onAll.port}/rt`);
    expect((await fetch(onAll.healthUrl)).status).toBe(200);
  } finally {
    await onAll.close();
  }
});

test('a server on every IPv4 address tells clients the loopback one', async () => {
  const onAll = await serve({ port: 0 });
  try {
    expect(onAll.url).toBe(`ws://127.0.0.1:${onAll.port}/rt`);
    expect((await fetch(onAll.healthUrl)).status).toBe(200);
  } finally {
    await onAll.close();
  }
});

test('a request whose headers are too large is refused', async () => {
  const client = connect(server.port, '127.0.0.1');
  client.write(`GET /health HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(17 * 1024)}\r\n\r\n`);
  expect(await text(client)).toMatch(/^HTTP\/1\.1 431 /);
});

test('a request that does not come whole within requestTimeoutMs is answered 408', async () => {
  const impatient = await serve({ port: 0, host: '127.0.0.1', requestTimeoutMs: 30 });
  try {
    const client = connect(impatient.port, '127.0.0.1');
    client.write('GET /rt HTTP/1.1\r\nHost: localhost\r\n');
    expect(await text(client)).toMatch(/^HTTP\/1\.1 408 /);
  } finally {
    await impatient.close();
  }
});

test('a request that stays half sent does not hold up the end of a drain', async () => {
  const patient = await serve({ port: 0, host: '127.0.0.1', requestTimeoutMs: 600_000 });
  const sockets: Socket[] = [];
  const note = (message: unknown) => sockets.push((message as { socket: Socket }).socket);
  subscribe('net.server.socket', note);
  const client = connect(patient.port, '127.0.0.1').on('error', () => {});
  try {
    const half = 'GET /health HTTP/1.1\r\nHost: loc';
    client.write(half);
    await vi.waitUntil(() => sockets[0]?.bytesRead === half.length, 10_000);
    await patient.close();
  } finally {
    unsubscribe('net.server.socket', note);
    client.destroy();
  }
});

test.each([
  ['that others go on serving is healthy', { stopsListening: true }, 200],
  ['that nobody serves any more is not', {}, 503],
])('to a request that was accepted before its drain, an address %s', async (_what, options, status) => {
  const leaving = await serve({ port: 0, host: '127.0.0.1' });
  const client = connect(leaving.port, '127.0.0.1');
  client.write('GET /health HTTP/1.1\r\nHost: localhost\r\n');
  // Whatever was accepted before this one is read by now.
  await fetch(leaving.healthUrl);
  const closed = leaving.close(options);
  client.write('\r\n');
  const answer = await text(client);
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(answer).toMatch(/^connection: close\r$/im);
  await closed;
});

test('an error of the server that listens is logged, and ends nothing', async () => {
  const errors: unknown[] = [];
  const quiet = () => {};
  const logger = { debug: quiet, info: quiet, warn: quiet, error: (msg: string, meta?: object) => errors.push({ msg, ...meta }) };
  const logging = await serve({ port: 0, host: '127.0.0.1', logger });
  const servers = new Set<Server>();
  const note = (message: unknown) => servers.add((message as { server: Server }).server);
  subscribe('http.server.request.start', note);
  try {
    await fetch(logging.healthUrl);
    const error = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
    for (const one of servers) one.emit('error', error);
    expect(errors).toEqual([{ msg: 'a connection could not be accepted', error }]);
    expect((await fetch(logging.healthUrl)).status).toBe(200);
  } finally {
    unsubscribe('http.server.request.start', note);
    await logging.close();
  }
});
