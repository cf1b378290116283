import { type Command, Option } from 'commander';
import { resolveConfig, type ServeConfig } from './config.js';
import type { Io } from './io.js';
import { PLAYGROUND_SETTINGS, PLAYGROUND_SWITCHES, type PlaygroundSwitches } from './playground/playground-config.js';
import { PROBES } from './probes.js';
import { checkConfig, runServer } from './run-server.js';
import type { Environment } from './setting.js';
import { SettingOptions } from './setting-options.js';
import { LIMIT_SETTINGS, REDIS_SETTINGS, SERVER_SETTINGS, TIMING_SETTINGS } from './settings.js';
import { ANONYMOUS, TOKEN_SETTINGS } from './token-settings.js';

const NOTES = `
A flag counts before its variable, a variable before the default; an empty variable counts as not set.

SIGTERM, SIGINT and SIGQUIT drain: new clients are refused, connected ones are told and given --close-timeout-ms, then
the program exits. A second of them exits at once. SIGHUP drains where a terminal is gone; elsewhere it replaces the
workers of --workers one after the other, and without has the keys of tokens looked at anew. SIGUSR2 logs one line of statistics.

Exit codes: 0 after a drain, 1 after a second signal or a failure, 2 where a flag, a variable or the port is wrong.`;

/** Adds `serve` with a flag for every setting. `report` gets the exit code. */
export function addServeCommand(program: Command, env: Environment, io: Io, report: (exitCode: number) => void): void {
  const command = program.command('serve').description('run the gateway, with GET /health beside it');
  const settings = new SettingOptions(command);
  settings.add('Server:', SERVER_SETTINGS);
  addSwitch(command, PROBES);
  command.option('--pretty', 'logs for people instead of JSON (default on a terminal)');
  command.option('--no-pretty', 'logs as JSON, one object per line (default elsewhere)');
  command.option('--print-config', 'check the configuration, print it as JSON and exit');
  settings.add('Tokens (docs/tokens.md):', TOKEN_SETTINGS);
  addSwitch(command, ANONYMOUS);
  command.optionsGroup('Playground:');
  for (const [flag, { meaning, variable }] of Object.entries(PLAYGROUND_SWITCHES))
    addSwitch(command, { flag, meaning, variable });
  settings.add('Playground:', PLAYGROUND_SETTINGS);
  settings.add('Shared with other gateways (docs/scale-out.md):', REDIS_SETTINGS);
  settings.add('Timings:', TIMING_SETTINGS);
  settings.add('Limits, of which 0 switches one off:', LIMIT_SETTINGS);
  command.optionsGroup('Help:').helpOption('-h, --help', 'print this').addHelpText('after', NOTES);

  command.action(async (values: Record<string, unknown>) => {
    const terminal = io.stdout.isTTY === true;
    const warnings: string[] = [];
    const pretty = (values.pretty as boolean | undefined) ?? terminal;
    const config = resolveConfig(
      settings.typed(values),
      env,
      pretty,
      values as PlaygroundSwitches,
      (line) => void warnings.push(line),
    );
    if (values.printConfig === true) {
      await checkConfig(config);
      for (const warning of warnings) io.stderr.write(`gateway-cli: ${warning}\n`);
      io.stdout.write(`${JSON.stringify(printable(config), undefined, 2)}\n`);
    } else {
      // https://no-color.org: any value but the empty one.
      report(await runServer(config, io, terminal && !env.NO_COLOR, warnings, env));
    }
  });
}

/** A flag that takes no value, and its opposite, for where the variable says yes. */
function addSwitch(command: Command, { flag, meaning, variable }: { flag: string; meaning: string; variable: string }): void {
  command.option(flag, `${meaning} (${variable})`);
  command.addOption(new Option(flag.replace('--', '--no-')).hideHelp());
}

/** `null` rather than nothing, so that all there is to set is seen; and of a password only that there is one. */
function printable({ metricsPort, allowedOrigins, playground, redis, tokens, ...rest }: ServeConfig) {
  const { password, readOnly = null, hideMetadata = false } = playground ?? {};
  const shown = playground === undefined ? null : { password: password !== undefined, readOnly, hideMetadata };
  const shared = redis === undefined ? null : { ...redis, url: withoutPassword(redis.url) };
  const asked = tokens === undefined ? null : { ...tokens, jwksUrl: tokens.jwksUrl && withoutQuery(tokens.jwksUrl) };
  return {
    ...rest,
    metricsPort: metricsPort ?? null,
    tokens: asked,
    allowedOrigins: allowedOrigins ?? null,
    playground: shown,
    redis: shared,
  };
}

function withoutPassword(url: string): string {
  // No `URL`, which takes no list of hosts; and reads a password that begins like a port, as in `user:12/34@`, as a port and a path.
  return url.replace(/^([^/]*\/\/[^:@/]*:).*@/, '$1***@');
}

/** There may be a key of another kind in it. */
function withoutQuery(url: string): string {
  const shown = new URL(url);
  if (shown.search !== '') shown.search = '?***';
  return withoutPassword(shown.href);
}
