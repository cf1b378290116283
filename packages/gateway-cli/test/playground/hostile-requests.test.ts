import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type PlaygroundOptions, type RunningServer, serve } from 'gateway-cli';
import { describe, expect, onTestFinished, test } from 'vitest';

/** Long enough for a machine that is busy. */
const POLL = { timeout: 10_000 };

async function started(playground: PlaygroundOptions = {}) {
  const errors: unknown[] = [];
  const logger = { debug() {}, info() {}, warn() {}, error: (...line: unknown[]) => void errors.push(line) };
  const server = await serve({ port: 0, host: '127.0.0.1', playground, logger });
  onTestFinished(() => server.close());
  return { server, errors };
}

/** A connection on which a test writes bytes. */
function raw({ port }: RunningServer, bytes: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(bytes);
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** The whole answer to one request. */
const answerTo = (server: RunningServer, line: string, headers: readonly string[] = ['Host: localhost'], body = '') =>
  text(raw(server, [`${line} HTTP/1.1`, ...headers, 'Connection: close', '', body].join('\r\n')));

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

const POLICY = /^content-security-policy: (?:.*; )?frame-ancestors 'none'/m;

test.each([
  ['GET /playground', 308],
  ['POST /playground?x=1', 308],
  ['GET /playground/', 200],
  ['GET /playground/?group=x', 200],
  ['GET /playground/client.js', 200],
  ['GET /playground/asyncapi.json', 200],
  ['GET /playground/x', 404],
  ['GET /playground/message?n=1', 404],
  ['GET /playground/fates?group=g', 200],
  ['GET /playground/fates?group=g&member=m', 400],
  ['GET /playground/publish', 405],
  ['OPTIONS /playground/publish', 405],
  ['TRACE /playground/', 405],
  ['DELETE /playground/live', 405],
  ['HEAD /playground/live', 405],
  ['PUT /playground/client.js', 405],
  ['POST /playground/publish', 415],
])('%s is %i, and what it answers may do nothing but what is needed', async (line, status) => {
  const { server } = await started();
  const answer = await answerTo(server, line, ['Host: localhost', 'Content-Length: 0']);
  expect(statusOf(answer)).toBe(status);
  const head = answer.slice(0, answer.indexOf('\r\n\r\n'));
  expect(head).toMatch(POLICY);
  expect(head).toMatch(/^x-content-type-options: nosniff/m);
  expect(head).toMatch(/^cache-control: no-store/m);
});

test.each([
  [[], 401],
  [['Authorization: Basic Og=='], 401],
  [['Authorization: Basic Og==', `Authorization: Basic ${Buffer.from(':right').toString('base64')}`], 401],
  [[`Authorization: Basic ${Buffer.from(':right\0').toString('base64')}`], 401],
  [[`Authorization: Basic ${Buffer.from('right').toString('base64')}`], 200],
  [[`Authorization: Basic ${Buffer.from(`${'u'.repeat(5_000)}:right`).toString('base64')}`], 200],
])('with a password, %j is %i', async (headers, status) => {
  const { server } = await started({ password: 'right' });
  const answer = await answerTo(server, 'GET /playground/', ['Host: gw.example', ...headers]);
  expect(statusOf(answer)).toBe(status);
  expect(answer).toMatch(POLICY);
});

test.each([
  '/playground/..%2f..%2f..%2fetc%2fpasswd',
  '/playground/%2e%2e%2f%2e%2e%2fpackage.json',
  '/playground/....//....//etc/passwd',
  '/playground//etc/passwd',
  '/playground/..\\..\\package.json',
  '/playground/client.js%00.html',
  '/playground/client.js/',
  '/playground/client.js;x',
  '/playground/./client.js',
  '/playground/client%2ejs',
  '/playground/index.html.gz',
  '/playground/constructor',
  '/playground/%5f%5fproto%5f%5f',
])('%s is no file', async (path) => {
  const { server } = await started();
  const answer = await answerTo(server, `GET ${path}`);
  expect(statusOf(answer)).toBe(404);
  expect(answer).not.toMatch(/root:|"name"|createClient/);
});

test.each(['http://evil.example/playground/', '//playground/', '/PLAYGROUND/', '/%70layground/', '/x/../playground/', '*'])(
  'the target %s is not of the playground',
  async (target) => {
    const { server } = await started();
    expect(await answerTo(server, `GET ${target}`)).not.toMatch(/<html|<title/i);
  },
);

describe('without a password', () => {
  test.each([
    ['evil.example', 'localhost'],
    ['localhost.evil.example'],
    ['evil.example:80#localhost'],
    ['user@localhost'],
    ['localhost%00.evil.example'],
    ['127.1'],
    ['2130706433'],
    ['0.0.0.0'],
    ['[::]'],
    ['[::ffff:7f00:1]'],
    ['localhost\t.evil.example'],
  ])('the Host %j is not of this machine: DNS rebinding', async (...hosts) => {
    const { server } = await started();
    for (const path of ['/playground/', '/playground/live', '/playground/client.js', '/playground/message?n=1']) {
      const answer = await answerTo(
        server,
        `GET ${path}`,
        hosts.map((host) => `Host: ${host}`),
      );
      expect([400, 403], path).toContain(statusOf(answer));
    }
    const acting = hosts.map((host) => `Host: ${host}`).concat('Content-Type: application/json', 'Content-Length: 24');
    expect([400, 403]).toContain(
      statusOf(await answerTo(server, 'POST /playground/publish', acting, '{"groupId":"g","data":1}')),
    );
    expect(server.gateway.groups()).toEqual([]);
  });
});

describe('a question that nobody would ask', () => {
  const odd = [
    '',
    'x',
    '-1',
    '0',
    '1.5',
    'NaN',
    '1e999',
    '-1e999',
    '9007199254740993',
    '0x1',
    '[]',
    '%00',
    '%ff',
    '%',
    'a'.repeat(9_000),
  ];
  test('of the feed, of a message or of its fate is answered, and ends nothing', async () => {
    const { server, errors } = await started();
    const queries = odd.flatMap((value) => [
      `message?n=${value}`,
      `message?n=1&n=${value}`,
      `fates?group=${value}`,
      `fates?group=g&seq=${value}`,
      `fates?group=g&seq=1&epoch=${value}`,
      `fates?group=${value}&seq=${value}&epoch=${value}&member=${value}`,
      `fates?${value}`,
    ]);
    await server.gateway.publish('g', 1);
    for (const query of queries) {
      const status = statusOf(await answerTo(server, `GET /playground/${query}`));
      // The last is for headers that are too long.
      expect([200, 400, 404, 431], query.slice(0, 40)).toContain(status);
    }
    for (const value of odd) {
      const socket = raw(server, `GET /playground/live?group=${value} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      const [first] = await once(socket.setEncoding('utf8'), 'data');
      expect(statusOf(String(first)), value).toBe(200);
      socket.destroy();
      await expect.poll(() => server.gateway.health().ok, POLL).toBe(true);
    }
    expect(errors).toEqual([]);
  });
});

describe('a body', () => {
  const head = (more: string) =>
    `POST /playground/publish HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${more}\r\n\r\n`;

  test.each([
    ['of a length that is told', 'Content-Length: 100000000', ''],
    ['in chunks', 'Transfer-Encoding: chunked', '10000\r\n'],
  ])('that does not end, %s, is 413, whatever else comes of it', async (_, more, before) => {
    const { server, errors } = await started();
    const socket = raw(server, head(more));
    const answered = once(socket.setEncoding('utf8'), 'data');
    for (let n = 0; n < 64; n += 1) {
      socket.write(`${before}${'x'.repeat(65_536)}${before === '' ? '' : '\r\n'}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [answer] = await answered;
    expect(statusOf(String(answer))).toBe(413);
    socket.destroy();
    expect(statusOf(await answerTo(server, 'GET /playground/x'))).toBe(404);
    expect(errors).toEqual([]);
  });

  test('that is given up half-way is no failure of the gateway', async () => {
    const { server, errors } = await started();
    const socket = raw(server, `${head('Content-Length: 1000')}{"groupId":`);
    await expect.poll(() => socket.bytesWritten, POLL).toBeGreaterThan(100);
    await answerTo(server, 'GET /playground/x');
    socket.destroy();
    for (let n = 0; n < 20; n += 1) await answerTo(server, 'GET /playground/x');
    expect(errors).toEqual([]);
    expect(server.gateway.groups()).toEqual([]);
  });

  test.each([
    ['{"groupId":"g","data":1}\0', 400],
    ['\ufeff{"groupId":"g","data":1}', 400],
    ['{"groupId":"\\ud800","data":1}', 400],
    ['{"groupId":"g","data":"\\ud800"}', 200],
    ['{"groupId":"g","data":1,"data":2}', 200],
    ['{"groupId":"g","data":1,"idempotencyKey":{}}', 400],
    ['{"groupId":"g","data":1,"sessionId":"__proto__"}', 200],
    ['"publish"', 400],
    ['', 400],
  ])('%j is %i', async (body, status) => {
    const { server, errors } = await started();
    const answer = await answerTo(
      server,
      'POST /playground/publish',
      ['Host: localhost', 'Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`],
      body,
    );
    expect(statusOf(answer)).toBe(status);
    expect(errors).toEqual([]);
  });
});
