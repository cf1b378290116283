/** Where text goes; `process.stdout` is one. */
export interface Output {
  /** @returns `false`: it holds as much as it wants to, until it says `drain`. Anything else: go on. */
  write(text: string): unknown;
  /** `drain`: it takes more. `error`: it takes nothing any more, as where who read it has gone. Without it, it takes everything. */
  once?(event: 'drain' | 'error', listener: () => void): unknown;
  /** Whether a person reads along. */
  isTTY?: boolean | undefined;
  /** Characters in a line. */
  columns?: number | undefined;
  /** With a descriptor, logs are written to it without holding up the event loop. */
  fd?: number | undefined;
}

/** What the program touches of its process, so that it also runs inside another one. */
export interface Io {
  stdout: Output;
  stderr: Output;
  /** What is typed, or piped in. Absent: nothing. */
  stdin?: (AsyncIterable<string | Buffer> & { destroy?(): unknown }) | undefined;
  /** Delivers SIGTERM, SIGINT, SIGQUIT, SIGHUP and SIGUSR2; those that the system does not have never come. */
  signals: {
    on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
    off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  };
  /** Ends the process at once. */
  exit(code: number): void;
  /** What `--version` says; without it there is no such flag. */
  version?: string | undefined;
}

/** The process itself. */
export function processIo(version?: string): Io {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    // Not read before somebody asks: opening it would keep the program from ending.
    get stdin() {
      return process.stdin;
    },
    signals: process,
    exit: (code) => process.exit(code),
    version,
  };
}
