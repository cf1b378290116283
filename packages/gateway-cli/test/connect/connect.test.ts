import { run, type ServeOptions, serve } from 'gateway-cli';
import { expect, onTestFinished, test } from 'vitest';
import { MemoryIo, runCli } from '../memory-io.js';

/** Long enough for a machine that is busy. */
const POLL = { timeout: 10_000 };

async function started(options: ServeOptions = {}) {
  const server = await serve({ port: 0, host: '127.0.0.1', ...options });
  onTestFinished(() => server.close());
  return server;
}

/** Connects, and lets a test type. */
function typing(url: string, argv: string[] = ['--group', 'g']) {
  const io = new MemoryIo();
  const ended = run(['connect', url, ...argv], {}, io);
  const type = (line: string) => io.stdin.write(`${line}\n`);
  onTestFinished(async () => {
    io.stdin.end();
    await ended;
  });
  return { io, ended, type };
}

test('publishes each line of a pipe, as JSON where it is, and ends with 0 when all are acknowledged', async () => {
  const { url, gateway } = await started();
  const data: unknown[] = [];
  gateway.on('data', (event) => data.push(event.data));
  const { code, out, err } = await runCli(['connect', url, '--group', 'g'], {}, '{"a":1}\nhello\n\n"text"\n7');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(data).toEqual([{ a: 1 }, 'hello', 'text', 7]);
  expect(out).toMatch(/^\* here as \S{22}\n\* g: live, at \S{4}:0, 1 here$/m);
  for (const seq of [1, 2, 3, 4]) expect(out).toMatch(new RegExp(`^✓ .{4}:${seq}$`, 'm'));
  expect(out).toMatch(/^< g 1 me \{"a":1\}$/m);
  expect(gateway.stats().droppedMembers).toBe(0);
});

test('takes a thousand lines at the pace at which they are acknowledged, within the rate that the gateway allows', async () => {
  const { url, gateway } = await started({ limits: { messagesPerSecondMax: 2_000, messagesBurst: 100 } });
  const lines = Array.from({ length: 1_000 }, (_, n) => `${n}\n`).join('');
  const { code, out } = await runCli(['connect', url, '--group', 'g', '--json'], {}, lines);
  expect(code).toBe(0);
  expect(gateway.groups()[0]?.position.seq ?? 1_000).toBe(1_000);
  expect(new Set(out.match(/"type":"ack"[^\n]*"seq":\d+/g)).size).toBe(1_000);
});

test('where it is too fast all the same, what was refused is sent again, and accepted once', async () => {
  const { url, gateway } = await started({ limits: { messagesPerSecondMax: 40, messagesBurst: 4 } });
  const { code, out } = await runCli(['connect', url, '--group', 'g'], {}, 'x\n'.repeat(24));
  expect(code).toBe(0);
  expect(out).toContain('! RATE_LIMITED');
  expect(gateway.stats().publishedTotal).toBe(24);
});

test('-x publishes that instead of lines; --json prints every envelope as it came', async () => {
  const { url } = await started();
  const { code, out } = await runCli(
    ['connect', url, '--group', 'g', '--json', '-x', '{"x":1}', '-x', 'two', '--name', 'ada'],
    {},
    'not read\n',
  );
  expect(code).toBe(0);
  const envelopes = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(envelopes.filter(({ type }) => type === 'data_update').map(({ payload }) => payload.data)).toEqual([{ x: 1 }, 'two']);
  expect(envelopes.find(({ type }) => type === 'sync').payload.members[0].metadata).toEqual({ name: 'ada' });
});

test('ends with 1 where a line was not acknowledged, and says why', async () => {
  const { url } = await started();
  const { code, err } = await runCli(['connect', url, '-x', '1']);
  expect([code, err]).toEqual([1, 'gateway-cli: not published: NO_GROUP: groupId: none is named and none is joined\n']);
});

test('comes back after a loss as who it was, and what was typed meanwhile is accepted once', async () => {
  const { url, gateway } = await started();
  const { io, ended, type } = typing(url);
  await expect.poll(() => io.out, POLL).toContain('g: live');
  await gateway.publish('g', 'before');
  await expect.poll(() => io.out, POLL).toContain('"before"');
  type('/drop');
  await expect.poll(() => io.err, POLL).toMatch(/closed 1006, again in \d\.\d s/);
  type('"while away"');
  await gateway.publish('g', 'missed');
  await expect.poll(() => io.out, POLL).toMatch(/\* back as .*\n< g 2 server "missed"\n\* g: recovered, 1 replayed/);
  await expect.poll(() => io.out, POLL).toContain('< g 3 me "while away"');
  io.stdin.end();
  expect(await ended).toBe(0);
  expect(gateway.stats().publishedTotal).toBe(3);
});

test('commands join, leave, measure and close', async () => {
  const { url, gateway } = await started();
  const { io, ended, type } = typing(url, []);
  await expect.poll(() => io.out, POLL).toContain('* here as');
  for (const line of ['/groups', '/nope', '/close 7', '/join', '/leave', '/help']) type(line);
  await expect
    .poll(() => io.err, POLL)
    .toMatch(/^none\nthere is no \/nope; see \/help\n\/close takes .*\n\/join takes a group\nin no group\n[\s\S]*\/drop /);
  type('/join h');
  await expect.poll(() => io.out, POLL).toContain('h: live');
  type('/ping');
  await expect.poll(() => io.out, POLL).toMatch(/\* ping \d+ ms/);
  expect(gateway.connections()[0]?.groups).toEqual(['h']);
  type('/leave');
  await expect.poll(() => gateway.connections()[0]?.groups, POLL).toEqual([]);
  type('/close 4900');
  expect(await ended).toBe(0);
  expect(gateway.stats().droppedMembers).toBe(1);
});

test('a signal ends it with 0, though stdin is open; so that nobody sees it linger', async () => {
  const { url, gateway } = await started();
  const { io, ended } = typing(url);
  await expect.poll(() => io.out, POLL).toContain('g: live');
  io.signals.emit('SIGINT', 'SIGINT');
  expect(await ended).toBe(0);
  expect(gateway.stats()).toMatchObject({ droppedMembers: 0 });
  expect(io.signals.eventNames()).toEqual([]);
});

test('a close that says not to come back ends it with 1', async () => {
  const { url, gateway } = await started();
  const { io, ended } = typing(url);
  await expect.poll(() => io.out, POLL).toContain('g: live');
  gateway.disconnect(gateway.connections()[0]!.connectionId, 4003, 'out');
  expect(await ended).toBe(1);
  expect(io.err).toBe('gateway-cli: closed 4003 out\n');
});

test('what others send is nothing that a terminal obeys', async () => {
  const { url, gateway } = await started();
  const { io } = typing(url);
  await expect.poll(() => io.out, POLL).toContain('g: live');
  await gateway.publish('g', 1, { delivery: 'latest', key: 'a\u202eb' });
  await expect.poll(() => io.out, POLL).toContain('(latest, key a�b) 1\n');
});

test('a token comes from the environment', async () => {
  const tokens: unknown[] = [];
  const { url } = await started({
    authenticate: ({ token }) => {
      tokens.push(token);
      return token === 'secret';
    },
  });
  expect((await runCli(['connect', url], { GW_CONNECT_TOKEN: 'secret' })).code).toBe(0);
  expect(tokens).toEqual(['secret']);
});

test.each([
  [['nowhere'], 2, /^connect takes a URL like ws:\/\/127\.0\.0\.1:4100\/rt, not "nowhere"$/],
  [['http://h/rt'], 2, /^connect takes a URL/],
  [['ws://h/rt', '--client-type', 'x'], 2, /^--client-type takes one of/],
  [['ws://h/rt', '--wait', '-1'], 2, /^--wait takes seconds from 0 to 86400, not "-1"$/],
  [['ws://h/rt', '--token-file', 'nowhere'], 2, /^--token-file takes a file that can be read/],
  [['ws://h/rt', '--token', 'x'], 2, /unknown option '--token'/],
  [[], 2, /missing required argument 'url'; see gateway-cli connect --help/],
  [['ws://127.0.0.1:9/rt'], 1, /^no connection to ws:\/\/127\.0\.0\.1:9\/rt \(1006 ECONNREFUSED\)$/],
])('%j ends with %i and one line', async (argv, code, line) => {
  const outcome = await runCli(['connect', ...argv]);
  expect([outcome.code, outcome.out]).toEqual([code, '']);
  expect(outcome.err.replace(/^gateway-cli: /, '').trimEnd()).toMatch(line);
});
