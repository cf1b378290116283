import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../packages/gateway-cli/dist/esm/bin.js', import.meta.url));

/** A line of the program's log. */
export type Line = { level: string; msg: string; [field: string]: unknown };

/** The built `gateway-cli serve --workers N`, with all that it logs. Ends with the test that started it. */
export class Serving {
  readonly process: ChildProcess;
  readonly exit: Promise<[code: number | null, signal: string | null]>;
  /** Nobody has its log open any more, workers neither. */
  readonly ended: Promise<unknown>;
  readonly lines: Line[] = [];
  stderr = '';
  #waiting: (() => void)[] = [];

  constructor(flags: readonly string[]) {
    if (!existsSync(PROGRAM)) throw new Error('gateway-cli is not built');
    const argv = [PROGRAM, 'serve', '--port', '0', '--host', '127.0.0.1', '--no-pretty', ...flags];
    this.process = spawn(process.execPath, argv, { env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.exit = once(this.process, 'exit') as Promise<[number | null, string | null]>;
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    const lines = createInterface(this.process.stdout as NodeJS.ReadableStream).on('line', (line) => {
      this.lines.push(JSON.parse(line));
      for (const look of [...this.#waiting]) look();
    });
    this.ended = once(lines, 'close');
    onTestFinished(async () => {
      // Workers of a primary that is gone end by themselves.
      this.process.kill('SIGKILL');
      await this.exit;
    });
  }

  /** The first line that begins so, or the first after so many of those. */
  log(message: string, after = 0): Promise<Line> {
    return new Promise((resolve) => {
      const look = (): void => {
        const line = this.lines.filter(({ msg }) => msg.startsWith(message))[after];
        if (line === undefined) return;
        this.#waiting = this.#waiting.filter((other) => other !== look);
        resolve(line);
      };
      this.#waiting.push(look);
      look();
    });
  }

  /** The processes of the workers that have served and not died, by `a worker serves`. */
  async workerPids(count: number): Promise<number[]> {
    await this.log('a worker serves', count - 1);
    return this.lines.filter(({ msg }) => msg === 'a worker serves').map(({ workerPid }) => Number(workerPid));
  }
}
