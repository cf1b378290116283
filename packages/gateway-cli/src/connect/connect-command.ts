import type { Command } from 'commander';
import type { Io } from '../io.js';
import type { Environment } from '../setting.js';
import { SettingOptions } from '../setting-options.js';
import { COMMAND_HELP } from './commands.js';
import { INPUT_SETTINGS, resolveConnectOptions, WHO_SETTINGS } from './options.js';

const NOTES = `
Every line of stdin is published, as JSON where it is JSON and as a string where it is not, and acknowledged with its
place in the log. Where the connection is lost it comes back and resumes. Lines that begin with / are commands:

${COMMAND_HELP}

Exit codes: 0 after the last line, a signal, or where nobody reads its output any more; 1 (and one line on stderr) where
there was no connection, the gateway ended it, or a line was not acknowledged; 2 where an argument, a flag or a variable
is wrong.`;

/** Adds `connect`. `report` gets the exit code. */
export function addConnectCommand(program: Command, env: Environment, io: Io, report: (exitCode: number) => void): void {
  const command = program.command('connect').description('be a client of a running gateway: type JSON, see what comes');
  command.argument('<url>', 'the gateway, like ws://127.0.0.1:4100/rt');
  const settings = new SettingOptions(command);
  settings.add('Who:', WHO_SETTINGS);
  settings.add('Input and output:', INPUT_SETTINGS);
  command.option(
    '-x, --execute <data>',
    'publish this and no lines; repeat it for several',
    (data: string, earlier: string[] = []) => [...earlier, data],
  );
  command.option('--json', 'print every envelope as it comes, one a line');
  command.optionsGroup('Help:').helpOption('-h, --help', 'print this').addHelpText('after', NOTES);

  command.action(async (url: string, values: Record<string, unknown>) => {
    const options = resolveConnectOptions(url, settings.typed(values), env);
    const { runConnect } = await import('./run-connect.js');
    report(await runConnect(options, io, values.json === true, (values.execute as string[] | undefined) ?? []));
  });
}
