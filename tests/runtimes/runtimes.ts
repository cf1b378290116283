import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { BUN, DENO } from './binaries.js';

interface Runtime {
  name: string;
  program: string | undefined;
  /** Stand before the script. */
  args: readonly string[];
}

/** What the gateway is run by. Node is among them so that a claim which Node does not hold either is no claim about the others. */
export const RUNTIMES: readonly Runtime[] = [
  { name: 'Node', program: process.execPath, args: [] },
  { name: 'Bun', program: BUN, args: [] },
  { name: 'Deno', program: DENO, args: ['run', '-A'] },
];

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
export const CLI = path('../../packages/gateway-cli/dist/esm/bin.js');
export const SERVING = path('serving.mjs');

// biome-ignore lint/suspicious/noExplicitAny: lines are held to claims by the tests.
export type Line = any;

/** A program that prints a line of JSON for each thing that it does. It ends with the test that started it. */
export class Running {
  readonly exit: Promise<[code: number | null, signal: string | null]>;
  readonly stderr: Promise<string>;
  readonly #process;
  readonly #lines;

  constructor(program: string, argv: readonly string[]) {
    this.#process = spawn(program, argv, { env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.exit = once(this.#process, 'exit') as Promise<[number | null, string | null]>;
    this.stderr = text(this.#process.stderr);
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
    onTestFinished(async () => {
      this.kill('SIGKILL');
      await this.exit;
    });
  }

  /** The first line from here on for which `test` holds. */
  async line(test: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      const { done, value } = await this.#lines.next();
      if (done) throw new Error(`the program has ended: ${await this.stderr}`);
      const line = JSON.parse(value);
      if (test(line)) return line;
    }
  }

  /** Of the process, as Linux counts it. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#process.kill(signal);
  }
}
