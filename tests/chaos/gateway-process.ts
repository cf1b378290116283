import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../packages/gateway-cli/dist/esm/bin.js', import.meta.url));
/** A gateway that is asked to end and has not after so long never will. */
const EXIT_MS = 30_000;

/** The built `gateway-cli serve`, started again and again: each time another process on another port. */
export class GatewayProcess {
  #process: ChildProcess | undefined;
  #exited: Promise<[code: number | null, signal: string | null]> | undefined;
  #stats: (line: Record<string, number>) => void = () => {};
  /** Where it listens now; 0 while there is none, and nothing listens there. */
  port = 0;
  /** Processes started so far. */
  starts = 0;

  /** @param fault is told what a gateway must not do: to write to stderr, to log an error, to end by itself. */
  constructor(
    private readonly flags: readonly string[],
    private readonly fault: (text: string) => void,
  ) {
    if (!existsSync(PROGRAM)) throw new Error('gateway-cli is not built');
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const argv = [PROGRAM, 'serve', '--port', '0', '--host', '127.0.0.1', '--no-pretty', ...this.flags];
    const child = spawn(process.execPath, argv, { env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    this.starts += 1;
    // Nothing is left behind where the run is broken off, stopped or not.
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    this.#exited = once(child, 'exit') as Promise<[number | null, string | null]>;
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.fault(`gateway ${this.starts} wrote ${text}`));
    const listening = new Promise<number>((resolve, reject) => {
      createInterface(child.stdout).on('line', (line) => {
        const { msg = '', level, url } = JSON.parse(line) as { msg?: string; level?: string | number; url?: string };
        if (level === 'error' || level === 'fatal' || Number(level) >= 50) this.fault(`gateway ${this.starts} logged ${line}`);
        if (msg === 'stats') this.#stats(JSON.parse(line) as Record<string, number>);
        if (msg.startsWith('listening on ws://')) resolve(Number(new URL(String(url)).port));
      });
      child.once('exit', (code) => reject(new Error(`the gateway ended with ${code} before it listened`)));
    });
    this.port = await listening;
  }

  /** SIGKILL: what it had in memory is gone. */
  async kill(): Promise<void> {
    this.port = 0;
    this.#process?.kill('SIGKILL');
    await this.#exited;
  }

  /** SIGSTOP: the kernel goes on taking connections and bytes for it. */
  stop(): void {
    this.#process?.kill('SIGSTOP');
  }

  /** SIGCONT. */
  continue(): void {
    this.#process?.kill('SIGCONT');
  }

  /** SIGTERM: it drains, and ends with 0. */
  async drain(): Promise<void> {
    this.#process?.kill('SIGTERM');
    const timer = setTimeout(() => {
      this.fault(`gateway ${this.starts} had not ended ${EXIT_MS} ms after SIGTERM`);
      this.#process?.kill('SIGKILL');
    }, EXIT_MS);
    const [code, signal] = (await this.#exited) ?? [0, null];
    clearTimeout(timer);
    this.port = 0;
    if (code !== 0) this.fault(`gateway ${this.starts} ended with ${code ?? signal} after SIGTERM`);
  }

  /** SIGUSR2: what it counts. */
  async stats(): Promise<Record<string, number>> {
    const line = new Promise<Record<string, number>>((resolve) => {
      this.#stats = resolve;
    });
    this.#process?.kill('SIGUSR2');
    return line;
  }
}
