import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { plainEnvironment } from './run.js';

type Exit = [code: number | null, signal: NodeJS.Signals | null];

/** A gateway in a process of its own; `await using` ends it, whatever became of the test. */
export class Program implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly exit: Promise<Exit>;
  readonly #messages: AsyncIterableIterator<string>;

  constructor(cwd: string, file: string, args: readonly string[], more: NodeJS.ProcessEnv = {}) {
    // A group of its own, so that a signal can go to all of it, as a terminal's Ctrl-C does.
    const env = { ...plainEnvironment(), ...more };
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    this.process = child;
    this.exit = once(child, 'exit') as Promise<Exit>;
    this.#messages = createInterface(child.stdout)[Symbol.asyncIterator]();
  }

  /** The log line whose message begins so; what was logged before it is passed over. */
  async log(message: string): Promise<Record<string, unknown>> {
    for (;;) {
      const { value, done } = await this.#messages.next();
      if (done) throw new Error(`the program ended before it logged '${message}'`);
      const line = JSON.parse(value);
      if (line.msg.startsWith(message)) return line;
    }
  }

  /** Resolves when nobody can write to the program's stdout any more: its children have ended too. */
  async closed(): Promise<void> {
    while (!(await this.#messages.next()).done);
  }

  signalGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-(this.process.pid as number), signal);
    } catch {
      // It has ended.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signalGroup('SIGKILL');
    await this.exit;
  }
}
