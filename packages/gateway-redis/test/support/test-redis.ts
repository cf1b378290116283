import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';

/** The server's program: another version of Redis, or Valkey, where the variable says so. */
export const SERVER = process.env.TEST_REDIS_SERVER ?? 'redis-server';
/** Why tests that need a server are skipped, where they are. */
export const NO_REDIS = spawnSync(SERVER, ['--version']).status === 0 ? undefined : `there is no ${SERVER} here`;

/** Gives one command to a server, on a connection of its own. */
export async function commandTo(url: string, args: string[]): Promise<unknown> {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on('error', () => {});
  await client.connect();
  try {
    return await client.sendCommand(args);
  } finally {
    client.destroy();
  }
}

/** A server of its own, on a free port of the loopback, with a folder of its own. */
export class TestRedis {
  #process: ChildProcess | undefined;
  readonly folder = mkdtempSync(join(tmpdir(), 'gateway-redis-'));

  private constructor(
    readonly port: number,
    private readonly settings: readonly string[],
  ) {}

  /** @param settings as the command line takes them. Default: nothing is written to disk. */
  static async start(...settings: string[]): Promise<TestRedis> {
    const redis = new TestRedis(await freePort(), settings);
    await redis.run();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again, with what its folder has. Resolves when it takes commands. */
  async run(): Promise<void> {
    const fixed = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder, '--save', ''];
    const child = spawn(SERVER, [...fixed, ...this.settings], {
      stdio: ['ignore', 'pipe', 'ignore'],
      // Lua's order of texts is the locale's.
      env: { ...process.env, LC_ALL: 'C' },
    });
    this.#process = child;
    const end = () => child.kill('SIGKILL');
    process.once('exit', end);
    child.once('exit', () => process.off('exit', end));
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.stdout.on('data', (text: Buffer) => {
        said += text.toString();
        if (said.includes('Ready to accept connections')) resolve();
      });
      child.once('exit', () => reject(new Error(`${SERVER} ended: ${said}`)));
    });
  }

  /** As a crash: nothing is written any more. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  command(...args: string[]): Promise<unknown> {
    return commandTo(this.url, args);
  }

  async stop(): Promise<void> {
    this.resume();
    await this.#end('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
