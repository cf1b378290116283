import { once } from 'node:events';
import { run, serve } from 'gateway-cli';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
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
  const server = await started('pw');
  const io = new MemoryIo();
  const ended = run(['top', server.url], { GW_PLAYGROUND_PASSWORD: 'pw' }, io);
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
