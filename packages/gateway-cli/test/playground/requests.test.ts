import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { type PlaygroundOptions, type RunningServer, type ServeOptions, serve } from 'gateway-cli';
import { createGateway } from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { isLoopbackHost } from '../../src/playground/address.js';
import { refuseVisitor } from '../../src/playground/guard.js';
import { Password } from '../../src/playground/password.js';
import { Playground } from '../../src/playground/playground.js';

/** Long enough for a machine that is busy. */
const POLL = { timeout: 10_000 };

async function started(playground: PlaygroundOptions = {}, options: ServeOptions = {}): Promise<RunningServer> {
  const server = await serve({ port: 0, host: '127.0.0.1', playground, ...options });
  onTestFinished(() => server.close());
  return server;
}

interface Ask {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

function send({ port }: RunningServer, path: string, { method = 'GET', headers = {}, body }: Ask = {}): ClientRequest {
  return request({ host: '127.0.0.1', port, path, method, headers }).end(body);
}

async function ask(server: RunningServer, path: string, options?: Ask) {
  const [response] = (await once(send(server, path, options), 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** The first bytes of the feed, or the answer that there is instead. */
async function look(server: RunningServer, options?: Ask) {
  const asked = send(server, '/playground/live', options);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const [first] = await once(response.setEncoding('utf8'), 'data');
  asked.destroy();
  return { status: response.statusCode, headers: response.headers, first: String(first) };
}

const basic = (password: string) => ({ authorization: `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}` });
const JSON_TYPE = { 'content-type': 'application/json' };

describe('what became of a message', () => {
  async function published(playground: PlaygroundOptions = {}) {
    const server = await started(playground);
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/rt`);
    onTestFinished(() => socket.terminate());
    await once(socket, 'message');
    socket.send(JSON.stringify({ type: 'identify', groupId: 'g', payload: { clientType: 'app-client' } }));
    await expect.poll(() => server.gateway.connections()[0]?.memberId, POLL).toBeDefined();
    await server.gateway.publish('g', 1);
    const memberId = server.gateway.connections()[0]?.memberId as string;
    await expect.poll(() => server.gateway.ledger('g')[0]?.written, POLL).toBe(1);
    return { server, memberId };
  }

  test('is told for everybody who is there, or for one, also where nothing may be changed', async () => {
    const { server, memberId } = await published({ readOnly: true });
    const { status, body } = await ask(server, '/playground/fates?group=g&seq=1');
    expect([status, JSON.parse(body).data]).toEqual([200, [{ memberId, fate: 'written', text: expect.any(String) }]]);
    const one = await ask(server, '/playground/fates?group=g&seq=1&member=somebody');
    expect(JSON.parse(one.body).data).toMatchObject([{ memberId: 'somebody', fate: 'not_a_member' }]);
  });

  test.each(['?group=g', '?group=g&seq=x', '?seq=1&member=m'])('is not told for fates%s', async (query) => {
    const { server } = await published();
    const { status, body } = await ask(server, `/playground/fates${query}`);
    expect([status, JSON.parse(body).error.code]).toEqual([400, 'INVALID_ARGUMENT']);
  });

  test('is for the page alone', async () => {
    const { server } = await published();
    const headers = { 'sec-fetch-site': 'cross-site' };
    expect((await ask(server, '/playground/fates?group=g&seq=1', { headers })).status).toBe(403);
  });
});

describe('client.js', () => {
  test('is the client as one module, which pages of other origins may run too', async () => {
    const server = await started();
    const headers = { origin: 'null', 'sec-fetch-site': 'cross-site' };
    const { status, headers: told, body } = await ask(server, '/playground/client.js', { headers });
    expect(status).toBe(200);
    expect(told).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    });
    expect(body).toMatch(/export\{.* as createClient/s);
    expect(body).not.toMatch(/\bimport\b[^(]*["']/);
    expect((await ask(server, '/playground/client.js', { method: 'POST' })).status).toBe(405);
    const [packed] = (await once(
      send(server, '/playground/client.js', { headers: { 'accept-encoding': 'gzip' } }),
      'response',
    )) as [IncomingMessage];
    expect(gunzipSync(await buffer(packed)).toString()).toBe(body);
  });

  test('is behind the same guard as the page', async () => {
    const rebound = await ask(await started(), '/playground/client.js', { headers: { host: 'evil.example' } });
    expect(rebound.status).toBe(403);
    const server = await started({ password: 'secret' });
    expect((await ask(server, '/playground/client.js')).status).toBe(401);
    expect((await ask(server, '/playground/client.js', { headers: basic('secret') })).status).toBe(200);
  });
});

test('asyncapi.json is the contract, for tools of whatever origin, behind the same guard', async () => {
  const { status, headers, body } = await ask(await started(), '/playground/asyncapi.json');
  expect([status, headers['content-type'], headers['access-control-allow-origin']]).toEqual([200, 'application/json', '*']);
  expect(JSON.parse(body)).toMatchObject({ asyncapi: expect.stringMatching(/^3\./), channels: expect.anything() });
  expect((await ask(await started({ password: 'secret' }), '/playground/asyncapi.json')).status).toBe(401);
});

describe('a message that was shown cut', () => {
  const data = JSON.stringify('é'.repeat(10_000));
  async function shownCut(playground: PlaygroundOptions = {}) {
    const server = await started(playground);
    const asked = send(server, '/playground/live', {
      headers: playground.password === undefined ? {} : basic(playground.password),
    });
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    await once(response, 'data');
    onTestFinished(() => asked.destroy() && undefined);
    await server.gateway.publish('g', JSON.parse(data));
    return { server, asked };
  }

  test('is answered whole for as long as somebody looks', async () => {
    const { server, asked } = await shownCut();
    expect(await ask(server, '/playground/message?n=1')).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' },
      body: data,
    });
    asked.destroy();
    await expect.poll(async () => (await ask(server, '/playground/message?n=1')).status, POLL).toBe(404);
  });

  test.each(['', '?n=2', '?n=x', '?n=-1', '?n=__proto__'])('is not found by message%s', async (query) => {
    const { server } = await shownCut();
    const { status, body } = await ask(server, `/playground/message${query}`);
    expect([status, JSON.parse(body).error.code]).toEqual([404, 'NOT_KEPT']);
  });

  test('is for the page alone, and behind the password', async () => {
    const { server } = await shownCut({ password: 'secret' });
    expect((await ask(server, '/playground/message?n=1')).status).toBe(401);
    expect((await ask(server, '/playground/message?n=1', { headers: basic('secret') })).status).toBe(200);
    const headers = { ...basic('secret'), 'sec-fetch-site': 'cross-site' };
    expect((await ask(server, '/playground/message?n=1', { headers })).status).toBe(403);
    expect((await ask(server, '/playground/message?n=1', { method: 'POST', headers: basic('secret') })).status).toBe(405);
  });
});

describe('the page', () => {
  test('runs nothing but its own script and style, is framed by nobody, and is not kept', async () => {
    const server = await started();
    expect(server.playgroundUrl).toBe(`http://127.0.0.1:${server.port}/playground/`);
    const { status, headers, body } = await ask(server, '/playground/');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    const policy = Object.fromEntries(
      String(headers['content-security-policy'])
        .split('; ')
        .map((part) => part.split(/ (.*)/)),
    );
    expect(policy).toEqual({
      'default-src': "'none'",
      'script-src': expect.stringMatching(/^'self' 'sha256-[\w+/]{43}='$/),
      'style-src': expect.stringMatching(/^'sha256-[\w+/]{43}='$/),
      'connect-src': "'self'",
      'img-src': 'data:',
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
      'require-trusted-types-for': "'script'",
      'trusted-types': "'none'",
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
    // Nothing comes from elsewhere.
    const [style = ''] = body.match(/<style>.*<\/style>/s) ?? [];
    const markup = body.replace(/<(script|style)[^>]*>.*?<\/\1>/gs, '');
    expect(markup.match(/(?:src|href)="(?!data:)[^"]*/g)).toBeNull();
    expect(style.match(/url\([^)]*|@import[^;]*/g)).toBeNull();
  });

  test('is compressed for who takes that, and the same for who does not', async () => {
    const server = await started();
    const [plain, packed] = await Promise.all(
      ['identity', 'gzip, br'].map(async (encodings) => {
        const headers = { 'accept-encoding': encodings };
        const [response] = (await once(send(server, '/playground/', { headers }), 'response')) as [IncomingMessage];
        return { encoding: response.headers['content-encoding'], body: await buffer(response) };
      }),
    );
    expect([plain?.encoding, packed?.encoding]).toEqual([undefined, 'gzip']);
    expect(gunzipSync(packed!.body).equals(plain!.body)).toBe(true);
    const refusing = await ask(server, '/playground/', { headers: { 'accept-encoding': 'gzip;q=0, identity' } });
    expect(refusing.headers['content-encoding']).toBeUndefined();
  });

  test('is found without its last slash, and there is nothing beside it', async () => {
    const server = await started();
    expect(await ask(server, '/playground')).toMatchObject({ status: 308, headers: { location: '/playground/' } });
    for (const name of ['x', 'live/', '__proto__', '../health', '%2e%2e/package.json', '..%5c..', '/etc/passwd', 'index.html.gz'])
      expect((await ask(server, `/playground/${name}`)).status, name).toBe(404);
    expect(await ask(server, '/playground/', { method: 'POST' })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    const { headers } = await ask(server, '/playground/x');
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
  });

  test('is also there for HEAD, without its body', async () => {
    const server = await started();
    const { headers } = await ask(server, '/playground/');
    const { 'content-length': length } = headers;
    expect(await ask(server, '/playground/', { method: 'HEAD' })).toMatchObject({
      status: 200,
      headers: { 'content-length': length, vary: 'accept-encoding' },
      body: '',
    });
  });

  test('stands beside /health, which asks for no password', async () => {
    const { status, body } = await ask(await started({ password: 'secret' }), '/health');
    expect([status, JSON.parse(body).data]).toEqual([200, { status: 'ok' }]);
  });

  test('is not there unless it is asked for', async () => {
    const server = await serve({ port: 0, host: '127.0.0.1' });
    onTestFinished(() => server.close());
    expect(server.playgroundUrl).toBeUndefined();
    expect((await ask(server, '/playground/')).status).toBe(404);
  });
});

describe('without a password', () => {
  test.each(['localhost:4100', '127.0.0.1', '[::1]:4100', 'LOCALHOST'])('answers the Host %s', async (host) => {
    expect((await ask(await started(), '/playground/', { headers: { host } })).status).toBe(200);
  });

  test.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1:4100'])(
    'refuses the Host %s: DNS rebinding',
    async (host) => {
      const server = await started();
      for (const path of ['/playground/', '/playground/live'])
        expect((await ask(server, path, { headers: { host } })).status).toBe(403);
    },
  );

  test('refuses a request that has no Host, as HTTP/1.0 may', async () => {
    const { port } = await started();
    const socket = connect(port, '127.0.0.1').end('GET /playground/ HTTP/1.0\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 403 /);
  });

  test.each(['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded', 'via', 'x-real-ip'])(
    'refuses what a proxy passes on with %s',
    async (name) => {
      expect((await ask(await started(), '/playground/', { headers: { [name]: '203.0.113.9' } })).status).toBe(403);
    },
  );

  test('on every address it answers this machine alone', async () => {
    const server = await started({}, { host: '0.0.0.0' });
    expect((await ask(server, '/playground/')).status).toBe(200);
    const from = (remoteAddress: string) =>
      refuseVisitor({ headers: { host: 'localhost' }, socket: { remoteAddress } } as IncomingMessage, undefined)?.status;
    const others = ['192.168.1.7', '::ffff:192.168.1.7', '1127.0.0.1', '::1:0:0:1', ''];
    expect(others.map(from)).toEqual(others.map(() => 403));
    for (const own of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) expect(from(own), own).toBeUndefined();
  });

  test('it does not start behind a proxy, nor with an empty password', async () => {
    const options = { port: 0, host: '127.0.0.1' };
    await expect(serve({ ...options, trustProxyHops: 1, playground: {} })).rejects.toThrow(
      'playground: needs a password behind a proxy',
    );
    await expect(serve({ ...options, playground: { password: '' } })).rejects.toThrow('playground: the password is empty');
  });

  const playgroundOn = async (address: string, options: PlaygroundOptions = {}) => {
    const gateway = createGateway();
    onTestFinished(() => gateway.close());
    return new Playground(options, { gateway, address, options: {} });
  };

  test.each(['10.0.0.1', '192.168.1.7', '2001:db8::1', '::1:0:0:1'])(
    'it is not there on %s, which others reach',
    async (address) => {
      await expect(playgroundOn(address)).rejects.toThrow(`playground: needs a password on ${address}`);
      expect((await playgroundOn(address, { password: 'secret' })).readOnly).toBe(true);
    },
  );

  test.each(['127.0.0.1', '::1', '0.0.0.0', '::'])('on %s it is, and who may look may act', async (address) => {
    expect((await playgroundOn(address)).readOnly).toBe(false);
  });

  test('with a password who is on this machine may act by default, and others look', async () => {
    const isReadOnly = async (address: string) => (await playgroundOn(address, { password: 'secret' })).readOnly;
    expect(await Promise.all(['127.0.0.1', '::1', '0.0.0.0', '::'].map(isReadOnly))).toEqual([false, false, true, true]);
    expect((await playgroundOn('127.0.0.1', { readOnly: true })).readOnly).toBe(true);
  });
});

describe('with a password', () => {
  test('asks for it, with whatever user, whatever the Host', async () => {
    const server = await started({ password: 'open sesame' });
    const { status, headers } = await ask(server, '/playground/');
    expect([status, headers['www-authenticate']]).toEqual([401, 'Basic realm="gateway playground", charset="UTF-8"']);
    for (const path of ['/playground/live', '/playground/publish']) expect((await ask(server, path)).status).toBe(401);
    const header = { host: 'gw.example', ...basic('open sesame') };
    expect((await ask(server, '/playground/', { headers: header })).status).toBe(200);
    expect((await look(server, { headers: header })).first).toContain('event: snapshot');
  });

  test('after 5 wrong ones in a minute an address is refused, also with the right one, until the minute is over', async () => {
    const clock = new FakeClock();
    const server = await started({ password: 'right' }, { clock });
    const status = async (password: string) => (await ask(server, '/playground/', { headers: basic(password) })).status;
    for (const wrong of ['', 'Right', 'rights', 'righ']) expect(await status(wrong)).toBe(401);
    expect(await status('right')).toBe(200);
    expect(await status('wrong')).toBe(401);
    const { status: last, headers } = await ask(server, '/playground/', { headers: basic('right') });
    expect([last, headers['retry-after']]).toEqual([429, '60']);
    await clock.advance(60_000);
    expect(await status('right')).toBe(200);
  });

  test('an address without a password has not failed', async () => {
    const server = await started({ password: 'right' });
    for (let n = 0; n < 10; n += 1) expect((await ask(server, '/playground/')).status).toBe(401);
  });

  test('a password may have colons and any letters; the scheme may be written in any way', () => {
    const password = new Password('a:b:ü', () => 0);
    const encoded = Buffer.from('any:a:b:ü').toString('base64');
    for (const scheme of ['Basic', 'basic', 'BASIC ']) expect(password.admit(`${scheme} ${encoded}`, 'a')).toBe('in');
    expect(password.admit(`Basic ${Buffer.from('any:b:ü').toString('base64')}`, 'a')).toBe('wrong');
    for (const none of [
      undefined,
      '',
      'Basic',
      'Basic ',
      `Bearer ${encoded}`,
      `Basic ${encoded} x`,
      `Basic ${encoded.slice(0, 4)}-_`,
    ])
      expect(password.admit(none, 'a')).toBe('none');
  });

  const wrong = (text: string) => `Basic ${Buffer.from(`me:${text}`).toString('base64')}`;

  test('after the minute an address has five guesses again, and no more', async () => {
    const clock = new FakeClock();
    const password = new Password('right', () => clock.monotonicMs());
    for (let minute = 0; minute < 3; minute += 1) {
      for (let n = 0; n < 5; n += 1) expect(password.admit(wrong(String(n)), '10.0.0.1')).toBe('wrong');
      expect(password.admit(wrong('right'), '10.0.0.1')).toBe('throttled');
      await clock.advance(60_000);
    }
  });

  test('whoever has a network of addresses has no more guesses for it than 1,024 have; then all others wait', async () => {
    const clock = new FakeClock();
    const password = new Password('right', () => clock.monotonicMs());
    const address = (n: number) => `10.0.${n >> 8}.${n & 255}`;
    expect(password.admit(wrong('x'), '192.0.2.1')).toBe('wrong');
    await clock.advance(1_000);
    const answers = Array.from({ length: 20_000 }, (_, n) => password.admit(wrong(String(n)), address(n % 2_000)));
    expect(answers.filter((answer) => answer === 'wrong')).toHaveLength(1_023 * 5);
    expect(answers).not.toContain('in');
    // Who is known to have failed less often is let in; who is not known has to wait.
    expect(password.admit(wrong('right'), '192.0.2.1')).toBe('in');
    expect(password.admit(wrong('right'), '192.0.2.2')).toBe('throttled');
    await clock.advance(59_000);
    expect(password.admit(wrong('right'), '192.0.2.2')).toBe('in');
  });

  test('failures of one IPv6 network count together', () => {
    const password = new Password('right', () => 0);
    const guess = (address: string) => password.admit(`Basic ${Buffer.from('me:wrong').toString('base64')}`, address);
    for (let n = 1; n <= 5; n += 1) expect(guess(`2001:db8:1:2::${n}`)).toBe('wrong');
    expect(guess('2001:db8:1:2:3:4:5:6')).toBe('throttled');
    expect(guess('2001:db8:1:3::1')).toBe('wrong');
    for (let n = 1; n <= 5; n += 1) expect(guess('::ffff:10.0.0.1')).toBe('wrong');
    expect(guess('10.0.0.1')).toBe('throttled');
  });
});

describe('pages of other sites', () => {
  const foreign: Record<string, string>[] = [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://localhost:1' },
  ];

  test.each(foreign)('cannot read the feed or act: %j', async (headers) => {
    const server = await started();
    expect((await ask(server, '/playground/live', { headers })).status).toBe(403);
    const acting = { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: '{"groupId":"g","data":1}' };
    expect((await ask(server, '/playground/publish', acting)).status).toBe(403);
    expect(server.gateway.groups()).toEqual([]);
  });

  test('the page itself can', async () => {
    const server = await started();
    const headers = { 'sec-fetch-site': 'same-origin', origin: `http://127.0.0.1:${server.port}` };
    expect(await look(server, { headers })).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' },
    });
  });
});

test('of loopback names only those that no other name server answers for are taken', () => {
  for (const host of [
    '',
    'localhost.',
    'localhost:',
    'localhost:80:80',
    'a.localhost',
    'localhost, evil',
    '127.0.0.1@evil',
    'a.127.0.0.1',
    'a127.0.0.1',
    '127.0.0.1.',
    '127.0.0.1:1.evil',
    '0x7f.1',
    '::1',
    '[::ffff:127.0.0.1]',
  ])
    expect(isLoopbackHost(host), host).toBe(false);
});

describe('actions', () => {
  const post = (server: RunningServer, name: string, body: unknown, headers: Record<string, string> = JSON_TYPE) =>
    ask(server, `/playground/${name}`, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });

  test('publish says where the message is', async () => {
    const server = await started();
    const { status, body } = await post(server, 'publish', { groupId: 'g', data: { a: 1 }, delivery: 'latest', key: 'k' });
    expect([status, JSON.parse(body)]).toEqual([200, { ok: true, data: { epoch: expect.any(String), seq: 1 } }]);
  });

  test('disconnect closes a connection, once', async () => {
    const server = await started();
    const socket = new WebSocket(server.url);
    await once(socket, 'message');
    const closed = once(socket, 'close');
    const { connectionId } = server.gateway.connections()[0]!;
    expect((await post(server, 'disconnect', { connectionId, code: 4202, reason: 'by hand' })).status).toBe(200);
    expect((await closed).map(String)).toEqual(['4202', 'by hand']);
    expect((await post(server, 'disconnect', { connectionId, code: 4202 })).status).toBe(404);
  });

  test.each([
    ['publish', { groupId: '', data: 1 }, 400],
    ['publish', { groupId: 'g', data: 1, nonsense: true }, 400],
    ['publish', { groupId: 7, data: 1 }, 400],
    ['publish', { groupId: 'g' }, 400],
    ['publish', [], 400],
    ['publish', '{"groupId":"g","data":1,"__proto__":{"key":"k"}}', 400],
    ['publish', `{"groupId":"g","data":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, 400],
    ['disconnect', { connectionId: 'c', code: 7 }, 400],
    ['disconnect', { connectionId: 'c', reason: {} }, 400],
    ['disconnect', { connectionId: { toString: 1 } }, 400],
    ['disconnect', {}, 400],
    ['publish', '{', 400],
    ['publish', 'null', 400],
    ['__proto__', {}, 404],
  ])('%s %j is %i', async (name, body, status) => {
    const { status: said, body: answer } = await post(await started(), name, body);
    expect([said, JSON.parse(answer).ok]).toEqual([status, false]);
  });

  test('a body of more than 64 KiB is 413', async () => {
    const server = await started({}, { limits: { messageBytesMax: 1_000_000 } });
    const empty = JSON.stringify({ groupId: 'g', data: '' }).length;
    const status = async (bytes: number) =>
      (await post(server, 'publish', { groupId: 'g', data: 'x'.repeat(bytes - empty) })).status;
    expect([await status(64 * 1024), await status(64 * 1024 + 1)]).toEqual([200, 413]);
  });

  test.each([
    'text/plain',
    'text/plain, application/json',
    'application/x-www-form-urlencoded; application/json',
    'multipart/form-data; boundary=application/json',
    'application/jsonp',
    '',
  ])('take JSON only: a form of another site is none, as %j', async (type) => {
    expect((await post(await started(), 'publish', '{}', { 'content-type': type })).status).toBe(415);
  });

  test('one that fails for no fault of its request is 500 and logged, without its details', async () => {
    const lines: unknown[][] = [];
    const log = (...line: unknown[]) => void lines.push(line);
    const server = await started({}, { logger: { debug() {}, info() {}, warn() {}, error: log } });
    server.gateway.publish = () => Promise.reject(new Error('the broker is at 10.0.0.7'));
    const { status, body } = await post(server, 'publish', { groupId: 'g', data: 1 });
    expect([status, JSON.parse(body).error]).toEqual([500, { code: 'INTERNAL', message: 'the action failed' }]);
    expect(lines).toEqual([['an action of the playground failed', { name: 'publish', error: expect.any(Error) }]]);
  });

  test('are refused where it is read-only, which it is by default where others come in', async () => {
    const body = { groupId: 'g', data: 1 };
    expect((await post(await started({ readOnly: true }), 'publish', body)).status).toBe(403);
    const open = await started({ password: 'pw' }, { host: '0.0.0.0' });
    expect((await post(open, 'publish', body, { ...JSON_TYPE, ...basic('pw') })).status).toBe(403);
    const opened = await started({ password: 'pw', readOnly: false }, { host: '0.0.0.0' });
    expect((await post(opened, 'publish', body, { ...JSON_TYPE, ...basic('pw') })).status).toBe(200);
  });
});

test('a ninth viewer is refused, and one who goes makes room', async () => {
  const server = await started();
  const viewers = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const asked = send(server, '/playground/live');
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      return { asked, response };
    }),
  );
  expect(await ask(server, '/playground/live')).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  viewers[0]?.asked.destroy();
  await expect.poll(async () => (await look(server)).status, POLL).toBe(200);
  for (const { asked } of viewers) asked.destroy();
});

test('viewers do not hold up the end of a server', async () => {
  const server = await serve({ port: 0, host: '127.0.0.1', playground: {} });
  const [response] = (await once(send(server, '/playground/live'), 'response')) as [IncomingMessage];
  const body = text(response);
  await server.close();
  expect(await body).toContain('event: snapshot');
});
