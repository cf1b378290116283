import { Command, CommanderError } from 'commander';
import { addBenchCommand } from './bench/bench-command.js';
import { addConnectCommand } from './connect/connect-command.js';
import { addHealthCommand } from './health-command.js';
import { type Io, processIo } from './io.js';
import { addServeCommand } from './serve-command.js';
import type { Environment } from './setting.js';
import { addTopCommand } from './top/top-command.js';
import { UsageError } from './usage-error.js';

/**
 * The program `gateway-cli`. Resolves when it is over: for `serve`, after a signal and its drain; for `bench`, after its summary.
 * @param argv the arguments without `node` and the script.
 * @returns the exit code: 0; 1 where `bench` found a fault or `health` none that is healthy; 2 after one line on stderr, for a bad argument, flag or variable, or a port in use.
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
  const report = (code: number) => {
    exitCode = code;
  };
  addServeCommand(program, env, io, report);
  addHealthCommand(program, env, io, report);
  addBenchCommand(program, env, io, report);
  addConnectCommand(program, env, io, report);
  addTopCommand(program, env, io, report);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    const command = program.commands.find((one) => one.name() === argv[0]);
    const message = usageMessage(error, command === undefined ? 'gateway-cli' : `gateway-cli ${command.name()}`);
    if (message === undefined) return 0;
    io.stderr.write(`gateway-cli: ${message}\n`);
    return 2;
  }
}

/** @param command whose help is named. @returns `undefined` where it was no error but `--help`. */
function usageMessage(error: unknown, command: string): string | undefined {
  if (error instanceof UsageError) return error.message;
  if (!(error instanceof CommanderError)) throw error;
  if (error.exitCode === 0) return undefined;
  if (error.code === 'commander.help') return 'a command is missing; see gateway-cli --help';
  return `${error.message
    .replace(/^error: /, '')
    // What was meant for a flag that there is may be secret.
    .replace(/^(unknown option '[^'=]*)=.*'/s, "$1'")
    .replace(/\s+/g, ' ')
    .replace(/\.$/, '')}; see ${command} --help`;
}
