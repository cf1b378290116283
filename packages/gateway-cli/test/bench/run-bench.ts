import { EventEmitter, once } from 'node:events';
import { type Environment, type Io, run } from 'gateway-cli';
import type { Outcome } from '../../src/bench/outcome.js';

/** A run of `gateway-cli bench` in this process. */
export class BenchRun implements Io {
  readonly signals = new EventEmitter();
  readonly exits: number[] = [];
  out = '';
  err = '';
  readonly #written = new EventEmitter();
  readonly stdout: Io['stdout'] = {
    columns: 120,
    write: (text) => {
      this.out += text;
    },
  };
  readonly stderr: Io['stderr'];
  /** The exit code. */
  readonly code: Promise<number>;

  constructor(argv: readonly string[], options: { env?: Environment; terminal?: boolean } = {}) {
    this.stderr = {
      isTTY: options.terminal,
      columns: 120,
      write: (text) => {
        this.err += text;
        this.#written.emit('text');
      },
    };
    this.code = run(['bench', ...argv], options.env ?? {}, this);
  }

  exit(code: number): void {
    this.exits.push(code);
  }

  /** Waits until stderr matches, control sequences aside. */
  async said(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.err.replaceAll('\u001b[K', ''))) await once(this.#written, 'text');
  }

  /** What `--json` printed, once it is over. */
  async outcome(): Promise<{ code: number; outcome: Outcome }> {
    const code = await this.code;
    return { code, outcome: JSON.parse(this.out) };
  }
}

/** Twenty messages of one publisher to four members; of a flag given twice, the last counts. */
export function shortRun(url: string, ...argv: string[]): BenchRun {
  return new BenchRun([url, '--connections', '4', '--rate', '100', '--duration', '0.2', '--json', ...argv]);
}
