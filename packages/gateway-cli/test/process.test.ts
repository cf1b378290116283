import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createGateway } from 'gateway-core';
import { describe, expect, onTestFailed, onTestFinished, test, vi } from 'vitest';
import WebSocket from 'ws';
import { PROGRAM, Program } from './program.js';

const LOOPBACK = ['serve', '--port', '0', '--host', '127.0.0.1', '--anonymous'];
/** The drain would wait for ten minutes for a client that reads nothing and so never answers its close frame. */
const LONG_DRAIN = [...LOOPBACK, '--close-timeout-ms', '600000'];

/** A device that takes nothing, as a full disk does. */
const FULL = '/dev/full';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A client of the gateway that has just said where it listens. */
async function connectedTo(program: Program): Promise<WebSocket> {
  const client = new WebSocket(String((await program.log('listening on ws://')).url));
  await once(client, 'message');
  return client;
}

test.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)(
  'after %s and its drain the process ends by itself with code 0',
  async (signal) => {
    const program = new Program(LOOPBACK);
    const client = await connectedTo(program);
    const closed = once(client, 'close');
    program.process.kill(signal);
    expect((await closed)[0]).toBe(1012);
    expect(await program.exit).toEqual([0, null]);
    expect(await program.log('draining')).toMatchObject({ signal, connections: 1 });
    expect(await program.log('disconnected')).toMatchObject({ level: 'info', code: 1012, by: 'gateway' });
    await program.log('stopped');
    expect(await program.stderr).toBe('');
  },
);

test.each([
  ['SIGTERM', 'SIGTERM'],
  ['SIGINT', 'SIGQUIT'],
  ['SIGQUIT', 'SIGTERM'],
] as const)('after %s, %s ends the process at once with code 1', async (first, second) => {
  const program = new Program(LONG_DRAIN);
  const client = await connectedTo(program);
  client.pause();
  program.process.kill(first);
  await program.log('draining');
  program.process.kill(second);
  expect(await program.exit).toEqual([1, null]);
  await program.log('exiting before the drain is over');
  client.terminate();
});

test('from the first signal on /health is 503, while clients are taken for --drain-delay-ms more', async () => {
  const program = new Program([...LOOPBACK, '--drain-delay-ms', '2000']);
  const { url, healthUrl } = await program.log('listening on ws://');
  const early = new WebSocket(String(url));
  await once(early, 'message');
  program.process.kill('SIGTERM');
  await program.log('draining');
  // Probes come on connections of their own, so the server has to listen still.
  expect((await fetch(String(healthUrl))).status).toBe(503);
  const late = new WebSocket(String(url));
  expect(JSON.parse(String((await once(late, 'message'))[0]))).toMatchObject({ type: 'ready' });
  expect(early.readyState).toBe(WebSocket.OPEN);
  const closed = await Promise.all([early, late].map(async (client) => (await once(client, 'close'))[0]));
  expect(closed).toEqual([1012, 1012]);
  expect(await program.exit).toEqual([0, null]);
});

test('a second signal does not wait for --drain-delay-ms', async () => {
  const program = new Program([...LOOPBACK, '--drain-delay-ms', '600000']);
  await program.log('listening on ws://');
  program.process.kill('SIGTERM');
  await program.log('draining');
  program.process.kill('SIGTERM');
  expect(await program.exit).toEqual([1, null]);
});

test('SIGHUP without a terminal ends neither the server nor a drain, and says that there is nothing to reload', async () => {
  const program = new Program(LONG_DRAIN);
  const { url, healthUrl } = await program.log('listening on ws://');
  const client = new WebSocket(String(url));
  await once(client, 'message');
  program.process.kill('SIGHUP');
  await program.log('nothing to reload');
  expect((await fetch(String(healthUrl))).status).toBe(200);
  client.pause();
  program.process.kill('SIGTERM');
  await program.log('draining');
  program.process.kill('SIGHUP');
  await program.log('nothing to reload');
  expect((await fetch(String(healthUrl))).status).toBe(503);
  program.process.kill('SIGTERM');
  expect(await program.exit).toEqual([1, null]);
  client.terminate();
});

test('a terminal that is closed drains the gateway that it showed', async ({ skip }) => {
  skip(process.platform !== 'linux' || !existsSync('/usr/bin/script'), 'script of util-linux makes the terminal');
  const gateway = [process.execPath, ...PROGRAM, ...LOOPBACK, '--no-pretty'].join(' ');
  // The outer shell ends with its terminal; only the inner one stays, to tell by which code the gateway ended.
  const command = `(trap '' HUP; ${gateway}; echo $? >&3); true`;
  const terminal = new Program(['-qefc', command, '/dev/null'], {
    file: '/usr/bin/script',
    env: { SHELL: '/bin/sh' },
    pipes: 1,
  });
  const code = text(terminal.process.stdio[3] as Readable);
  const { url, pid } = await terminal.log('listening on ws://');
  onTestFailed(() => {
    if (existsSync(`/proc/${pid}`)) process.kill(Number(pid), 'SIGKILL');
  });
  const client = new WebSocket(String(url));
  await once(client, 'message');
  const closed = once(client, 'close');
  terminal.process.kill('SIGKILL');
  expect((await closed)[0]).toBe(1012);
  // 134: Node 20 aborts when all is done, since it cannot reset a terminal that is gone.
  expect(await code).toMatch(/^(0|134)\n$/);
});

test('SIGUSR2 logs the statistics in one line, also while the gateway drains', async () => {
  const program = new Program(LONG_DRAIN);
  const client = await connectedTo(program);
  program.process.kill('SIGUSR2');
  const { level, time, pid, hostname, msg, ...stats } = await program.log('stats');
  expect({ level, msg }).toEqual({ level: 'info', msg: 'stats' });
  const unused = createGateway();
  onTestFinished(() => unused.close());
  expect(stats).toEqual({ ...unused.stats(), connections: 1, connectionsTotal: 1 });

  client.pause();
  program.process.kill('SIGTERM');
  await program.log('draining');
  program.process.kill('SIGUSR2');
  expect(await program.log('stats')).toMatchObject({ connectionsTotal: 1 });
  program.process.kill('SIGTERM');
  expect(await program.exit).toEqual([1, null]);
  client.terminate();
});

// Only Linux has a device that is always full.
test.skipIf(!existsSync(FULL)).each([
  ['no drain', false, 0],
  ['no second signal', true, 1],
])('a log that cannot be written holds up %s', async (_, again, code) => {
  const full = openSync(FULL, 'w');
  onTestFinished(() => closeSync(full));
  const port = String(await freePort());
  const program = new Program([...LONG_DRAIN, '--port', port], { stdout: full, env: { LOG_LEVEL: 'debug' } });
  const health = () =>
    fetch(`http://127.0.0.1:${port}/health`).then(
      ({ status }) => status,
      () => 0,
    );
  await vi.waitUntil(async () => (await health()) === 200, 15_000);
  const client = new WebSocket(`ws://127.0.0.1:${port}/rt`);
  await once(client, 'message');
  if (again) client.pause();
  program.process.kill('SIGTERM');
  if (again) {
    await vi.waitUntil(async () => (await health()) === 503, 15_000);
    program.process.kill('SIGTERM');
  }
  expect(await program.exit).toEqual([code, null]);
  expect(await program.stderr).toBe('');
  client.terminate();
});

describe('what is printed and nobody reads', () => {
  async function playground(): Promise<string> {
    const program = new Program([...LOOPBACK, '--playground']);
    return String((await program.log('listening on ws://')).url);
  }

  test.each([
    ['connect', ['--group', 'g', '--wait', '600']],
    ['connect', ['--group', 'g', '--wait', '600', '--json']],
    ['top', []],
  ])('ends %s %j without a word, as `| head -1` does', async (command, flags) => {
    const url = await playground();
    const program = new Program([command, url, ...flags]);
    expect(await program.line()).toEqual(expect.any(String));
    program.process.stdout?.destroy();
    // It notices when there is more to print.
    const others = new WebSocket(url);
    await once(others, 'message');
    others.send(JSON.stringify({ type: 'identify', version: '2', payload: { clientType: 'app-client', groupId: 'g' } }));
    expect(await program.exit).toEqual([0, null]);
    expect(await program.stderr).toBe('');
    others.terminate();
  });

  test('is no failure of a help', async () => {
    const program = new Program(['connect', '--help']);
    program.process.stdout?.destroy();
    expect(await program.exit).toEqual([0, null]);
    expect(await program.stderr).toBe('');
  });

  // Only Linux has a device that is always full.
  test.skipIf(!existsSync(FULL)).each([['connect', '--group', 'g', '--wait', '600'], ['top', '--once'], ['top']])(
    'on a full disk ends %s with 1 and one line',
    async (command, ...flags) => {
      const full = openSync(FULL, 'w');
      onTestFinished(() => closeSync(full));
      const program = new Program([command, await playground(), ...flags], { stdout: full });
      expect(await program.exit).toEqual([1, null]);
      expect(await program.stderr).toBe('gateway-cli: stdout cannot be written (ENOSPC)\n');
    },
  );
});

test('a signal ends connect, however long it was to wait', async () => {
  const gateway = new Program(LOOPBACK);
  const program = new Program(['connect', String((await gateway.log('listening on ws://')).url), '--wait', '600']);
  expect(await program.line()).toMatch(/^\* here as /);
  program.process.kill('SIGINT');
  expect(await program.exit).toEqual([0, null]);
  expect(await program.stderr).toBe('');
});

test('a port in use ends the process with code 2 and one line on stderr', async () => {
  const first = new Program(LOOPBACK);
  const { port } = await first.log('listening on ws://');
  const second = new Program(['serve', '--host', '127.0.0.1', '--port', String(port)]);
  expect(await second.exit).toEqual([2, null]);
  expect(await second.line()).toBeUndefined();
  expect(await second.stderr).toBe(
    `gateway-cli: --port (GW_PORT) takes a free port, or 0 for any: ${port} on "127.0.0.1" is in use\n`,
  );
});
