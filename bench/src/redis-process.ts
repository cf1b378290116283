import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createClient } from '@redis/client';

/** Whether there is a `redis-server` that cases can be measured with. */
export const hasRedis = () => spawnSync('redis-server', ['--version']).status === 0;

/** A Redis of its own that writes nothing to disk, pinned to the cores that it is given, as `taskset -c` takes them. */
export class RedisProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    private readonly client: ReturnType<typeof createClient>,
  ) {}

  get pid(): number {
    // taskset replaces itself by the program, so the pid is the server's.
    return this.child.pid!;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  static async start(cores: string): Promise<RedisProcess> {
    const port = await freePort();
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const child = spawn('taskset', ['-c', cores, 'redis-server', ...settings], { stdio: ['ignore', 'pipe', 'ignore'] });
    process.once('exit', () => child.kill('SIGKILL'));
    for await (const chunk of child.stdout) if (String(chunk).includes('Ready to accept connections')) break;
    if (child.exitCode !== null) throw new Error('redis-server did not start');
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    client.on('error', () => {});
    await client.connect();
    return new RedisProcess(child, port, client as ReturnType<typeof createClient>);
  }

  command(...args: string[]): Promise<unknown> {
    return this.client.sendCommand(args);
  }

  /** Bytes that it has allocated, as `INFO memory` says. */
  async usedMemory(): Promise<number> {
    return Number(/^used_memory:(\d+)/m.exec(String(await this.command('INFO', 'memory')))?.[1]);
  }

  async stop(): Promise<void> {
    this.client.destroy();
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
