import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { type Environment, type Io, run } from 'gateway-cli';

/** An {@link Io} that keeps what is written and takes signals from a test. */
export class MemoryIo implements Io {
  readonly signals = new EventEmitter();
  readonly exits: number[] = [];
  readonly stdin = new PassThrough();
  out = '';
  err = '';
  readonly #written = new EventEmitter();
  stdout: Io['stdout'];
  readonly stderr: Io['stderr'];

  constructor(options: { isTTY?: boolean } = {}) {
    this.stdout = {
      isTTY: options.isTTY,
      columns: 200,
      write: (text) => {
        this.out += text;
        this.#written.emit('line');
      },
    };
    this.stderr = {
      write: (text) => {
        this.err += text;
      },
    };
  }

  exit(code: number): void {
    this.exits.push(code);
  }

  /** The JSON log lines so far. */
  lines(): Record<string, unknown>[] {
    return this.out
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  }

  /** Waits for a log line whose message begins so. */
  async line(message: string): Promise<Record<string, unknown>> {
    for (;;) {
      const found = this.lines().find(({ msg }) => String(msg).startsWith(message));
      if (found !== undefined) return found;
      await new Promise((resolve) => this.#written.once('line', resolve));
    }
  }
}

/** Runs the program to its end. @param input that is piped into it. */
export async function runCli(
  argv: string[],
  env: Environment = {},
  input = '',
): Promise<{ code: number; out: string; err: string }> {
  const io = new MemoryIo();
  io.stdin.end(input);
  const code = await run(argv, env, io);
  return { code, out: io.out, err: io.err };
}

/** What `--print-config` prints. */
// biome-ignore lint/suspicious/noExplicitAny: parsed JSON, which each test compares.
export async function printedConfig(argv: string[], env: Environment = {}): Promise<any> {
  const { code, out, err } = await runCli(['serve', '--print-config', ...argv], env);
  if (code !== 0) throw new Error(err);
  return JSON.parse(out);
}
