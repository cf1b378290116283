import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { buffer, text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { type PlaygroundOptions, type RunningServer, type ServeOptions, serve } from 'gateway-cli';
import { FakeClock } from 'gateway-core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { isLoopbackHost } from '../../src/playground/address.js';
import { refuseVisitor } from '../../src/playground/guard.js';
import { Password } from '../../src/playground/password.js';

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
async function look(server: RunningServer, options?: Ask): Promise<{ status: number | undefined; first: string }> {
  const asked = send(server, '/playground/live', options);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const [first] = await once(response.setEncoding('utf8'), 'data');
  asked.destroy();
  return { status: response.statusCode, first };
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
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    const policy = Object.fromEntries(
      String(headers['content-security-policy'])
        .split('; ')
        .map((part) => part.split(/ (.*)/)),
    );
    expect(policy).toMatchObject({ 'default-src': "'none'", 'connect-src': "'self'", 'frame-ancestors': "'none'" });
    expect(policy['script-src']).toMatch(/^'self' 'sha256-[\w+/]{43}='$/);
    expect(policy['style-src']).toMatch(/^'sha256-[\w+/]{43}='$/);
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
    for (const path of ['/playground/x', '/playground/live/', '/playground/__proto__'])
      expect((await ask(server, path)).status).toBe(404);
    expect(await ask(server, '/playground/', { method: 'POST' })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    expect((await ask(server, '/health')).status).toBe(200);
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

  test.each(['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'])('refuses what a proxy passes on with %s', async (name) => {
    expect((await ask(await started(), '/playground/', { headers: { [name]: '203.0.113.9' } })).status).toBe(403);
  });

  test('on every address it answers this machine alone', async () => {
    const server = await started({}, { host: '0.0.0.0' });
    expect((await ask(server, '/playground/')).status).toBe(200);
    const from = (remoteAddress: string) =>
      refuseVisitor({ headers: { host: 'localhost' }, socket: { remoteAddress } } as IncomingMessage, undefined)?.status;
    expect([from('192.168.1.7'), from('::ffff:192.168.1.7'), from('127.0.0.1'), from('::1')]).toEqual([
      403,
      403,
      undefined,
      undefined,
    ]);
  });

  test('it does not start behind a proxy, nor with an empty password', async () => {
    const options = { port: 0, host: '127.0.0.1' };
    await expect(serve({ ...options, trustProxyHops: 1, playground: {} })).rejects.toThrow(
      'playground: needs a password behind a proxy',
    );
    await expect(serve({ ...options, playground: { password: '' } })).rejects.toThrow('playground: the password is empty');
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
    expect(await look(server, { headers })).toMatchObject({ status: 200 });
  });
});

test('of loopback names only those that no other name server answers for are taken', () => {
  for (const host of ['', 'localhost.', 'a.localhost', '127.0.0.1@evil', '0x7f.1', '::1'])
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
    expect((await post(server, 'disconnect', { connectionId, code: 4202 })).status).toBe(200);
    expect((await closed)[0]).toBe(4202);
    expect((await post(server, 'disconnect', { connectionId, code: 4202 })).status).toBe(404);
  });

  test.each([
    ['publish', { groupId: '', data: 1 }, 400],
    ['publish', { groupId: 'g', data: 1, nonsense: true }, 400],
    ['publish', { groupId: 7, data: 1 }, 400],
    ['disconnect', { connectionId: 'c', code: 7 }, 400],
    ['publish', '{', 400],
    ['publish', 'null', 400],
    ['__proto__', {}, 404],
  ])('%s %j is %i', async (name, body, status) => {
    const { status: said, body: answer } = await post(await started(), name, body);
    expect([said, JSON.parse(answer).ok]).toEqual([status, false]);
  });

  test('a body of more than 64 KiB is 413', async () => {
    expect((await post(await started(), 'publish', { groupId: 'g', data: 'x'.repeat(70_000) })).status).toBe(413);
  });

  test('take JSON only: a form of another site is none', async () => {
    expect((await post(await started(), 'publish', '{}', { 'content-type': 'text/plain' })).status).toBe(415);
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
