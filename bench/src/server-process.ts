import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ON_BUN, type ServerName } from './job.js';
import { PROFILE_DIR } from './proc.js';

const require = createRequire(import.meta.url);

/** Path of Bun's binary, or undefined where the optional package is not installed. */
export function bunBinary(): string | undefined {
  try {
    return require.resolve('@oven/bun-linux-x64/bin/bun');
  } catch {
    return undefined;
  }
}

/** Servers that are another one with an argument more. */
const VARIANTS: Partial<Record<ServerName, { script: ServerName; args: readonly string[] }>> = {
  'gateway-bun': { script: 'gateway', args: [] },
  'sio-streams': { script: 'socketio', args: ['--adapter', '@socket.io/redis-streams-adapter'] },
  'sio-pubsub': { script: 'socketio', args: ['--adapter', '@socket.io/redis-adapter'] },
};
const script = (name: ServerName) => fileURLToPath(new URL(`servers/${name}.mjs`, import.meta.url));

/** A server that has not ended by itself after this long is killed. */
const STOP_MS = 5_000;

/** A server under test, in a process of its own that is pinned to the cores that it is given, as `taskset -c` takes them. */
export class ServerProcess {
  readonly pid: number;
  readonly port: number;
  readonly version: string;
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly lines: AsyncIterator<string>;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>, lines: AsyncIterator<string>, hello: string) {
    this.child = child;
    this.lines = lines;
    // taskset replaces itself by the program, so the pid is the server's.
    this.pid = child.pid!;
    ({ port: this.port, version: this.version } = JSON.parse(hello));
  }

  /** Starts a server; resolves when it listens. @throws Error when it ends first. */
  static async start(name: ServerName, cores: string, args: readonly string[] = []): Promise<ServerProcess> {
    const profileDir = process.env[PROFILE_DIR];
    const profile = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`];
    const variant = VARIANTS[name] ?? { script: name, args: [] };
    const rest = [...variant.args, ...args];
    const command = [
      ON_BUN.has(name) ? bunBinary()! : process.execPath,
      '--expose-gc',
      ...profile,
      script(variant.script),
      ...rest,
    ];
    const child = spawn('taskset', ['-c', cores, ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const hello = await lines.next();
    if (hello.done) throw new Error(`${name} did not start`);
    return new ServerProcess(child, lines, hello.value);
  }

  /** Collects the server's garbage, where its runtime can be told to. */
  async collectGarbage(): Promise<void> {
    await this.ask('gc');
  }

  /** Begins to watch the server's event loop. */
  async watchLoop(): Promise<void> {
    await this.ask('watch');
  }

  /** Ends that, and answers for how long it was held at most, in milliseconds. */
  async longestBlockMs(): Promise<number> {
    return Number(await this.ask('block'));
  }

  /** Spans that it has made, where it traces. */
  async spans(): Promise<number> {
    return Number(await this.ask('spans'));
  }

  private async ask(line: string): Promise<string> {
    this.child.stdin.write(`${line}\n`);
    return (await this.lines.next()).value;
  }

  /** Ends the server; resolves when it is gone. It is asked first, so that its profile is written. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin.end();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(timer);
  }
}
