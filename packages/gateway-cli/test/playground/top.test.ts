import { EventEmitter, once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { run, serve } from 'gateway-cli';
import { FakeClock } from 'gateway-core/testing';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { resolveTopOptions } from '../../src/top/options.js';
import { readFeed } from '../../src/top/read-feed.js';
import { MemoryIo, runCli } from '../memory-io.js';

/** Long enough for a machine that is busy. */
const POLL = { timeout: 10_000 };

async function started(password?: string) {
  const server = await serve({ port: 0, host: '127.0.0.1', playground: { password } });
  onTestFinished(() => server.close());
  return server;
}

test('shows connections, groups and rates once', async () => {
  const server = await started();
  const client = new WebSocket(server.url);
  await once(client, 'open');
  const hostile = 'ada\u001b[2J\u202e\n';
  client.send(
    JSON.stringify({
      type: 'identify',
      version: '2',
      payload: { clientType: 'dashboard', groupId: 'orders', metadata: { name: hostile } },
    }),
  );
  await expect.poll(() => server.gateway.connections()[0]?.groups, POLL).toEqual(['orders']);
  await server.gateway.publish('orders', 1);
  const { code, out, err } = await runCli(['top', server.url, '--once']);
  client.terminate();
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^gateway running 00:00:0\d {2}connections 1 {2}groups 1 /);
  expect(out).toMatch(/CONNECTION +NAME +ROLE +GROUPS +DIALECT +LAG +UNSENT +HEARD +AGE +ADDRESS/);
  expect(out).toMatch(/ada�\[2J�� +dashboard +orders +2 +0 +0 .*127\.0\.0\.1$/m);
  expect(out).toMatch(/^orders +[\w-]+:1 +1 +1 /m);
  // What a client chose is nothing that a terminal obeys.
  for (const character of ['\u001b', '\u202e']) expect(out).not.toContain(character);
});

test('goes on until a signal, and takes the password from the environment', async () => {
  const server = await started('a:pw');
  const io = new MemoryIo();
  const ended = run(['top', server.url], { GW_PLAYGROUND_PASSWORD: 'a:pw' }, io);
  await expect.poll(() => io.out, POLL).toContain('\u001b[H\u001b[Jgateway running');
  io.signals.emit('SIGINT', 'SIGINT');
  expect(await ended).toBe(0);
  expect(io.signals.eventNames()).toEqual([]);
});

test.each([
  [['nowhere'], 2, /^top takes a URL like ws:\/\/127\.0\.0\.1:4100\/rt, not "nowhere"$/],
  [['ws://u:p@h/rt'], 2, /^top takes a URL/],
  [['ws://h/rt', '--sort', 'x'], 2, /^--sort takes one of lag, unsent, age, name, not "x"$/],
  [['ws://h/rt', '--rows', '0'], 2, /^--rows takes an integer from 1 to 200, not "0"$/],
])('%j ends with %i and one line', async (argv, code, line) => {
  const outcome = await runCli(['top', ...argv, '--once']);
  expect([outcome.code, outcome.out]).toEqual([code, '']);
  expect(outcome.err.replace(/^gateway-cli: /, '').trim()).toMatch(line);
});

test('a gateway that does not run ends it with 1 and one line', async () => {
  const server = await serve({ port: 0, host: '127.0.0.1' });
  await server.close();
  const { code, err } = await runCli(['top', server.url]);
  expect([code, err]).toEqual([1, expect.stringMatching(/^gateway-cli: \S+ does not answer \(ECONNREFUSED\)\n$/)]);
});

test('says why the gateway does not let it look', async () => {
  const server = await started('pw');
  const { code, err } = await runCli(['top', server.url, '--once']);
  expect([code, err]).toEqual([1, expect.stringMatching(/answers 401: the playground asks for its password/)]);
});

/** A server that answers as a test says. */
async function answering(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_, response) => answer(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/rt`;
}

const none = { set: [], gone: [] };
const look = (at: number, more: object = {}) => ({
  at,
  stats: { connections: at },
  draining: false,
  connections: none,
  groups: none,
  codes: [],
  path: '/rt',
  readOnly: false,
  startedAt: 0,
  settings: [],
  events: [],
  ...more,
});
const told = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/** As much as is read. */
function endless(response: ServerResponse): void {
  while (response.write('x'.repeat(65_536)));
  response.once('drain', () => endless(response));
}

test.each<[string, (response: ServerResponse) => void, RegExp]>([
  ['ends', (response) => void response.end(told('snapshot', look(1))), /\/playground\/live has ended the feed$/],
  ['is a page', (response) => void response.end('<html>'), /has ended the feed$/],
  ['is no JSON', (response) => void response.write(told('snapshot', 1).replace('1', '{')), /does not answer \(.*JSON.*\)$/],
  ['is another thing', (response) => void response.write(told('snapshot', { stats: 7 })), /does not answer \(.+\)$/],
  ['is null', (response) => void response.write(told('snapshot', null)), /does not answer \(.+\)$/],
  [
    'has no rows',
    (response) => void response.write(told('snapshot', look(1, { groups: { set: [null], gone: [] } }))),
    /not answer \(.+\)$/,
  ],
  ['has no end', (response) => void response.write('x'.repeat(5 * 1024 * 1024)), /an event of the feed is too long\)$/],
  [
    'is refused',
    (response) => void response.writeHead(403).end(JSON.stringify({ error: { message: 'a\u001b[2Jb' } })),
    /answers 403: a\ufffd\[2Jb$/,
  ],
  ['is refused without a word', (response) => void response.writeHead(404).end('<html>'), /answers 404$/],
  ['is refused without end', (response) => endless(response.writeHead(500)), /answers 500$/],
])('a feed that %s ends it with 1 and one line', async (_, answer, line) => {
  const { code, err } = await runCli(['top', await answering(answer)]);
  expect(code).toBe(1);
  expect(err.trimEnd()).toMatch(line);
  expect(err.split('\n')).toHaveLength(2);
});

test('a rate takes two looks, so once shows the second', async () => {
  const url = await answering((response) => response.write(told('snapshot', look(1)) + told('change', look(1_001))));
  const { code, out } = await runCli(['top', url, '--once']);
  expect(code).toBe(0);
  expect(out).toMatch(/^gateway running 00:00:01 {2}connections 1,001 /);
});

test('a screen is cut at its width; one that is full is shown what is new when it takes more', async () => {
  let feed: ServerResponse | undefined;
  const url = await answering((response) => {
    feed = response;
    response.write(told('snapshot', look(1)) + told('change', look(2)) + told('change', look(3)));
  });
  const io = new MemoryIo();
  const drains = new EventEmitter();
  const write = io.stdout.write.bind(io.stdout);
  let takes = false;
  io.stdout = Object.assign(io.stdout, {
    columns: 40,
    once: drains.once.bind(drains),
    write: (text: string) => {
      write(text);
      return takes;
    },
  });
  const ended = run(['top', url], {}, io);
  const shown = () => [...io.out.matchAll(/connections ([\d,]+)/g)].map(([, count]) => count);
  await expect.poll(shown, POLL).toEqual(['1']);
  for (const line of io.out.split('\n')) expect(line.replace('\u001b[H\u001b[J', '').length).toBeLessThanOrEqual(40);
  takes = true;
  drains.emit('drain');
  await expect
    .poll(() => {
      feed?.write(told('change', look(4)));
      return shown().at(-1);
    }, POLL)
    .toBe('4');
  expect(new Set(shown())).toEqual(new Set(['1', '4']));
  io.signals.emit('SIGTERM', 'SIGTERM');
  expect(await ended).toBe(0);
});

test('a feed is read wherever its pieces end, also inside a character', async () => {
  const groups = { set: [{ id: 'gruppe-ü', epoch: 'epoch', seq: 1, connections: 1, logMessages: 1, logBytes: 1 }], gone: [] };
  const change = Buffer.from(told('change', look(2, { groups })));
  const at = change.indexOf('ü') + 1;
  let feed: ServerResponse | undefined;
  const url = await answering((response) => {
    feed = response;
    response.write(Buffer.concat([Buffer.from(told('snapshot', look(1))), change.subarray(0, at)]));
  });
  const io = new MemoryIo();
  const ended = run(['top', url], {}, io);
  await expect.poll(() => io.out, POLL).toContain('gateway running');
  feed?.write(change.subarray(at));
  await expect.poll(() => io.out, POLL).toContain('gruppe-ü  ');
  io.signals.emit('SIGTERM', 'SIGTERM');
  expect(await ended).toBe(0);
});

test('a gateway that does not answer is given up after 10 s; one that has answered may say nothing for long', async () => {
  const clock = new FakeClock();
  let asked = () => {};
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const silent = resolveTopOptions(await answering(() => asked()), new Map(), {});
  const outcome = readFeed(silent, new AbortController().signal, () => true, clock).catch(({ message }) => message);
  await isAsked;
  await clock.advance(10_000);
  expect(await outcome).toBe(`${silent.url} does not answer in 10 s`);
  expect(clock.pendingTimers).toBe(0);

  const stop = new AbortController();
  let looked = () => {};
  const isLooked = new Promise<void>((resolve) => {
    looked = resolve;
  });
  const looking = (model: { change?: unknown }) => {
    if (model.change !== undefined) looked();
    return true;
  };
  const answers = resolveTopOptions(await answering((response) => void response.write(told('snapshot', look(1)))), new Map(), {});
  const reading = readFeed(answers, stop.signal, looking, clock);
  await isLooked;
  expect(clock.pendingTimers).toBe(0);
  stop.abort();
  await reading;
  // Where there is nobody, nothing is waited for either.
  const nobody = { url: 'http://127.0.0.1:1/', password: undefined };
  await expect(readFeed(nobody, new AbortController().signal, () => true, clock)).rejects.toThrow('does not answer');
  expect(clock.pendingTimers).toBe(0);
});

test('events are no look: they are not shown here', async () => {
  const texts = [told('snapshot', look(1)), told('events', { events: [], left: 3 }), told('change', look(1_001))];
  const url = await answering((response) => void response.write(texts.join('')));
  const { out } = await runCli(['top', url, '--once']);
  expect(out).toMatch(/ connections 1,001 /);
});

test('once, its lines are as long as they are, and the feed is let go', async () => {
  let isOver = false;
  const change = look(2, { codes: Array.from({ length: 40 }, (_, n) => ({ code: `code-${n}`, times: 1 })) });
  const url = await answering((response) => {
    response.on('close', () => {
      isOver = true;
    });
    response.write(told('snapshot', look(1)) + told('change', change));
  });
  const io = new MemoryIo();
  io.stdout.columns = 40;
  expect(await run(['top', url, '--once'], {}, io)).toBe(0);
  expect(io.out).toContain('code-39 ×1\n');
  await expect.poll(() => isOver, POLL).toBe(true);
});

test('an output that cannot say when it takes more is shown everything', async () => {
  const url = await answering((response) => void response.write([1, 2, 3].map((at) => told('change', look(at))).join('')));
  const io = new MemoryIo();
  const write = io.stdout.write.bind(io.stdout);
  io.stdout.write = (text) => {
    write(text);
    return false;
  };
  const ended = run(['top', url], {}, io);
  await expect.poll(() => io.out.split('waiting for').length, POLL).toBe(4);
  io.signals.emit('SIGTERM', 'SIGTERM');
  expect(await ended).toBe(0);
});

test('who has stopped reading its output ends it', async () => {
  const url = await answering((response) => response.write(told('snapshot', look(1))));
  const io = new MemoryIo();
  const errors = new EventEmitter();
  io.stdout = Object.assign(io.stdout, { once: errors.once.bind(errors) });
  const ended = run(['top', url], {}, io);
  await expect.poll(() => io.out, POLL).toContain('gateway running');
  errors.emit('error', new Error('EPIPE'));
  expect([await ended, io.err]).toEqual([0, '']);
});

test('a second signal ends the process at once', async () => {
  const io = new MemoryIo();
  const ended = run(['top', await answering(() => {})], {}, io);
  await expect.poll(() => io.signals.listenerCount('SIGINT'), POLL).toBe(1);
  io.signals.emit('SIGINT', 'SIGINT');
  io.signals.emit('SIGTERM', 'SIGTERM');
  expect([await ended, io.exits]).toEqual([0, [1]]);
});

test.each([
  ['ws://h:1/rt', 'http://h:1/playground/live'],
  ['wss://h/any/rt?x=1', 'https://h/playground/live'],
  ['https://[::1]:8443', 'https://[::1]:8443/playground/live'],
])('the feed of %s is %s', (url, feed) => {
  expect(resolveTopOptions(url, new Map(), {}).url).toBe(feed);
});
