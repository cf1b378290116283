import type { Command } from 'commander';
import type { Io } from '../io.js';
import type { Environment } from '../setting.js';
import { SettingOptions } from '../setting-options.js';
import { CONNECTION_SETTINGS, LOAD_SETTINGS, resolveBenchOptions } from './options.js';

const NOTES = `
Every connection joins one of the groups, and some of each group's members publish: as many as it takes to stay at
half of what a gateway allows one connection by default. Messages are numbered, and every member checks that it gets
each one once and in its publisher's order. Latency counts from the publish, or from when it was due where the
generator was late, to the read of the last byte.

A gateway with lower limits answers RATE_LIMITED. That is said, and what it refused counts as lost.
SIGINT and SIGTERM end the run with its summary. A second signal exits at once.

Exit codes: 0 where every message came; 1 where one was lost, doubled or out of order, where connections were refused
or dropped, and after a second signal; 2 where an argument, a flag or a variable is wrong.`;

/** Adds `bench`. `report` gets the exit code. */
export function addBenchCommand(program: Command, env: Environment, io: Io, report: (exitCode: number) => void): void {
  const command = program.command('bench').description('measure a running gateway: deliveries, latency, losses');
  command.argument('<url>', 'the gateway, like ws://127.0.0.1:4100/rt or wss://gateway.example/rt');
  const settings = new SettingOptions(command);
  settings.add('Load:', LOAD_SETTINGS);
  settings.add('Connection:', CONNECTION_SETTINGS);
  command.option('--insecure', 'accept any certificate of a wss:// gateway');
  command.optionsGroup('Output:').option('--json', 'print the outcome as JSON');
  command.optionsGroup('Help:').helpOption('-h, --help', 'print this').addHelpText('after', NOTES);

  command.action(async (url: string, values: Record<string, unknown>) => {
    const options = resolveBenchOptions(url, settings.typed(values), env, values.insecure === true);
    // Only now: the generator is nothing that `serve` has to load.
    const { runBench } = await import('./run-bench.js');
    report(await runBench(options, io, values.json === true));
  });
}
