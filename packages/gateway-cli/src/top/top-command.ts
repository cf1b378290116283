import type { Command } from 'commander';
import type { Io } from '../io.js';
import type { Environment } from '../setting.js';
import { SettingOptions } from '../setting-options.js';
import { resolveTopOptions, TOP_SETTINGS } from './options.js';

const NOTES = `
It reads the feed of the playground, so the gateway has to run with serve --playground. Connections that are behind
come first. SIGINT and SIGTERM end it.

Exit codes: 0 after a signal, with --once, or where nobody reads its output any more; 1 (and one line on stderr) where
there is no feed, or it ends; 2 where an argument, a flag or a variable is wrong.`;

/** Adds `top`. `report` gets the exit code. */
export function addTopCommand(program: Command, env: Environment, io: Io, report: (exitCode: number) => void): void {
  const command = program.command('top').description('watch a running gateway: connections, groups, rates, who is slow');
  command.argument('<url>', 'the gateway, like ws://127.0.0.1:4100/rt');
  const settings = new SettingOptions(command);
  settings.add('Output:', TOP_SETTINGS);
  command.option('--once', 'print it once, without control characters');
  command.optionsGroup('Help:').helpOption('-h, --help', 'print this').addHelpText('after', NOTES);

  command.action(async (url: string, values: Record<string, unknown>) => {
    const options = resolveTopOptions(url, settings.typed(values), env);
    const { runTop } = await import('./run-top.js');
    report(await runTop(options, io, values.once === true));
  });
}
