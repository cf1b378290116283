import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';

/** The program as it is built: from its sources it would take three times as long to start. Its own arguments go behind it. */
export const PROGRAM = ['packages/gateway-cli/dist/esm/bin.js'] as const;

/** The program in a process of its own, which ends with the test that started it, whatever became of it. */
export class Program {
  readonly process: ChildProcess;
  readonly exit: Promise<[code: number | null, signal: string | null]>;
  readonly stderr: Promise<string>;
  readonly #lines: AsyncIterableIterator<string> | undefined;

  constructor(
    argv: readonly string[],
    options: { file?: string; env?: NodeJS.ProcessEnv; stdout?: number; pipes?: number } = {},
  ) {
    const settings: SpawnOptions = {
      cwd: fileURLToPath(new URL('../../../', import.meta.url)),
      env: { PATH: process.env.PATH, ...options.env },
      stdio: ['ignore', options.stdout ?? 'pipe', 'pipe', ...Array<'pipe'>(options.pipes ?? 0).fill('pipe')],
    };
    this.process =
      options.file === undefined ? spawn(process.execPath, [...PROGRAM, ...argv], settings) : spawn(options.file, argv, settings);
    this.exit = once(this.process, 'exit') as Promise<[number | null, string | null]>;
    onTestFinished(async () => {
      this.process.kill('SIGKILL');
      await this.exit;
    });
    this.stderr = text(this.process.stderr as Readable);
    if (this.process.stdout !== null) this.#lines = createInterface(this.process.stdout)[Symbol.asyncIterator]();
  }

  /** The next line on stdout; `undefined` at its end. */
  async line(): Promise<string | undefined> {
    return (await this.#lines?.next())?.value;
  }

  /** The next line on stdout, but for those of connections that ended, unless it is to be one; it must be a log line that begins so. */
  async log(message: string): Promise<Record<string, unknown>> {
    let line = JSON.parse((await this.line()) ?? 'null');
    while (line?.msg === 'disconnected' && message !== 'disconnected') line = JSON.parse((await this.line()) ?? 'null');
    expect(line?.msg).toMatch(new RegExp(`^${message}`));
    return line;
  }
}
