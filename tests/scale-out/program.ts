import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../packages/gateway-cli/dist/esm/bin.js', import.meta.url));

/** A program on a fixed port of the loopback, which can be killed and started again. */
export class Program {
  #process: ChildProcess | undefined;

  constructor(
    private readonly file: string,
    private readonly argv: readonly string[],
    /** What it says once it can be used. */
    private readonly ready: string,
  ) {}

  static redis(port: number, folder: string, settings: readonly string[]): Program {
    const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
    return new Program('redis-server', [...fixed, ...settings], 'Ready to accept connections');
  }

  /** As docker-compose.yml runs it: one proxy in front. */
  static gateway(host: string, port: number, redisUrl: string): Program {
    const where = ['serve', '--host', host, '--port', String(port), '--redis-url', redisUrl, '--no-pretty'];
    const proxy = ['--trust-proxy-hops', '1'];
    const timings = ['--sweep-interval-ms', '200', '--presence-lease-ms', '3000', '--resume-ttl-ms', '5000'];
    return new Program(process.execPath, [PROGRAM, ...where, ...proxy, ...timings], 'listening on ws://');
  }

  async start(): Promise<void> {
    const child = spawn(this.file, this.argv, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#process = child;
    const end = () => child.kill('SIGKILL');
    process.once('exit', end);
    child.once('exit', () => process.off('exit', end));
    const exit = once(child, 'exit').then(() => Promise.reject(new Error(`${this.file} ended`)));
    exit.catch(() => {});
    await Promise.race([this.#said(child), exit]);
  }

  /** As a crash: it says nothing more to anybody. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  #said(child: ChildProcess): Promise<void> {
    return new Promise((resolve) => {
      // Read to its end: a program whose output nobody takes stands still.
      createInterface(child.stdout!).on('line', (line) => {
        if (line.includes(this.ready)) resolve();
      });
    });
  }
}

/** One that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
