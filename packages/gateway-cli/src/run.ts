import { Command, CommanderError } from 'commander';
import { type Io, processIo } from './io.js';
import { addServeCommand } from './serve-command.js';
import type { Environment } from './setting.js';
import { UsageError } from './usage-error.js';

/**
 * The program `gateway-cli`. Resolves when it is over: for `serve`, after a signal and its drain.
 * @param argv the arguments without `node` and the script.
 * @returns the exit code: 0; 2 after one line on stderr, for a bad flag, a bad variable or a port in use.
 */
export async function run(argv: readonly string[], env: Environment = process.env, io: Io = processIo()): Promise<number> {
  let exitCode = 0;
  const program = new Command('gateway-cli')
    .description('Realtime gateway: WebSocket groups, presence and sessions.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      // Errors are said below, once and in one line.
      writeErr: () => {},
      getOutHelpWidth: () => io.stdout.columns ?? 120,
    });
  if (io.version !== undefined) program.version(io.version, '-v, --version', 'print the version');
  addServeCommand(program, env, io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    const message = usageMessage(error);
    if (message === undefined) return 0;
    io.stderr.write(`gateway-cli: ${message}\n`);
    return 2;
  }
}

/** @returns `undefined` where it was no error but `--help`. */
function usageMessage(error: unknown): string | undefined {
  if (error instanceof UsageError) return error.message;
  if (!(error instanceof CommanderError)) throw error;
  if (error.exitCode === 0) return undefined;
  if (error.code === 'commander.help') return 'a command is missing; see gateway-cli --help';
  return `${error.message.replace(/^error: /, '').replace(/\s+/g, ' ')}; see gateway-cli serve --help`;
}
