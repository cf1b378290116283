import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import WebSocket from 'ws';

/** The program in a process of its own, from its sources. */
class Program {
  static readonly all: Program[] = [];
  readonly process;
  readonly exit: Promise<[code: number | null, signal: string | null]>;
  readonly stderr: Promise<string>;
  readonly #lines;

  constructor(...argv: string[]) {
    this.process = spawn(process.execPath, ['--import', 'tsx', 'packages/gateway-cli/src/bin.ts', ...argv], {
      cwd: fileURLToPath(new URL('../../../', import.meta.url)),
      env: { PATH: process.env.PATH, TSX_TSCONFIG_PATH: 'tsconfig.json' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.exit = once(this.process, 'exit') as Promise<[number | null, string | null]>;
    this.stderr = text(this.process.stderr);
    this.#lines = createInterface(this.process.stdout)[Symbol.asyncIterator]();
    Program.all.push(this);
  }

  /** The next line on stdout; `undefined` at its end. */
  async line(): Promise<string | undefined> {
    return (await this.#lines.next()).value;
  }

  /** The next line on stdout, which must be a log line that begins so. */
  async log(message: string): Promise<Record<string, unknown>> {
    const line = JSON.parse((await this.line()) ?? 'null');
    expect(line?.msg).toMatch(new RegExp(`^${message}`));
    return line;
  }
}

afterEach(async () => {
  for (const { process, exit } of Program.all.splice(0)) {
    process.kill('SIGKILL');
    await exit;
  }
});

const LOOPBACK = ['serve', '--port', '0', '--host', '127.0.0.1'];

test.each(['SIGTERM', 'SIGINT'] as const)('after %s and its drain the process ends by itself with code 0', async (signal) => {
  const program = new Program(...LOOPBACK);
  const client = new WebSocket(String((await program.log('listening on ws://')).url));
  await once(client, 'message');
  const closed = once(client, 'close');
  program.process.kill(signal);
  expect((await closed)[0]).toBe(1012);
  expect(await program.exit).toEqual([0, null]);
  await program.log('draining');
  await program.log('stopped');
  expect(await program.stderr).toBe('');
});

test('a second signal ends the process at once with code 1', async () => {
  // The drain would wait for ten minutes for a client that reads nothing and so never answers its close frame.
  const program = new Program(...LOOPBACK, '--close-timeout-ms', '600000');
  const client = new WebSocket(String((await program.log('listening on ws://')).url));
  await once(client, 'message');
  client.pause();
  program.process.kill('SIGTERM');
  await program.log('draining');
  program.process.kill('SIGTERM');
  expect(await program.exit).toEqual([1, null]);
  await program.log('exiting before the drain is over');
  client.terminate();
});

test('a port in use ends the process with code 2 and one line on stderr', async () => {
  const { port } = await new Program(...LOOPBACK).log('listening on ws://');
  const second = new Program('serve', '--host', '127.0.0.1', '--port', String(port));
  expect(await second.exit).toEqual([2, null]);
  expect(await second.line()).toBeUndefined();
  expect(await second.stderr).toBe(
    `gateway-cli: --port (GW_PORT) takes a free port, or 0 for any: ${port} on "127.0.0.1" is in use\n`,
  );
});
