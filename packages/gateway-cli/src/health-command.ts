import { get } from 'node:http';
import type { Command } from 'commander';
import type { Io } from './io.js';
import { reachable } from './serve.js';
import { servingProcesses } from './serving-process.js';
import { type Environment, type Flags, parseInteger, readSettings, type Setting } from './setting.js';
import { SettingOptions } from './setting-options.js';
import { SERVER_SETTINGS } from './settings.js';
import { quote, UsageError } from './usage-error.js';

const NOTES = `
Without --port and --host it asks the gateway that this program serves here, in this container or on this machine,
where that one listens, whatever flags and variables told it so. Where it finds none (it looks only at processes of
the same user, and on Linux), it asks the port and host of the variables.

Exit codes: 0 healthy; 1 (and one line on stderr) where it drains, does not answer in time or does not run; 2 where a
flag or a variable is wrong, or several gateways run here.`;

/** More than an answer is long, so that whatever else listens there is not read without end. */
const ANSWER_BYTES_MAX = 16 * 1024;

const TARGET_SETTINGS = {
  port: { ...SERVER_SETTINGS.port, meaning: 'port to ask' },
  host: { ...SERVER_SETTINGS.host, meaning: 'host to ask' },
};

const TIME_SETTINGS = {
  timeoutMs: {
    flag: '--timeout-ms',
    variable: 'GW_HEALTH_TIMEOUT_MS',
    argument: '<ms>',
    meaning: 'how long it may take',
    takes: 'an integer from 1 to 600000',
    fallback: 3_000,
    parse: (text) => {
      const value = parseInteger(text, 600_000);
      return value === 0 ? undefined : value;
    },
  } satisfies Setting<number>,
};

/** Adds `health`, for the health checks of containers. `report` gets the exit code. */
export function addHealthCommand(program: Command, env: Environment, io: Io, report: (exitCode: number) => void): void {
  const command = program.command('health').description('ask a running gateway whether it is healthy');
  const settings = new SettingOptions(command);
  settings.add('Which:', TARGET_SETTINGS);
  settings.add('Limit:', TIME_SETTINGS);
  command.optionsGroup('Help:').helpOption('-h, --help', 'print this').addHelpText('after', NOTES);

  command.action(async (values: Record<string, unknown>) => {
    const flags = settings.typed(values);
    const { timeoutMs } = readSettings(TIME_SETTINGS, flags, env);
    const urls = targets(flags, env);
    const problems = await Promise.all(urls.map((url) => problemOf(url, timeoutMs)));
    const healthy = problems.indexOf(undefined);
    if (healthy >= 0) io.stdout.write(`${urls[healthy]} is healthy\n`);
    else io.stderr.write(`gateway-cli: ${problems.join('; ') || 'the gateway does not listen yet'}\n`);
    report(healthy >= 0 ? 0 : 1);
  });
}

/** Several where one process listens on several ports, like that of a debugger: it is healthy if one of them says so. */
function targets(flags: Flags, env: Environment): string[] {
  const running = flags.has('--port') || flags.has('--host') ? [] : servingProcesses(process.argv[1] ?? '');
  if (running.length === 0) return [configured(flags, env)];
  // One that does not listen is about to, or passes its arguments on to one that does, like an init process.
  const [first = [], ...others] = running.filter((listeners) => listeners.length > 0);
  if (others.length > 0) {
    const ports = [first, ...others].flatMap((listeners) => listeners.map(({ port }) => port)).join(', ');
    throw new UsageError(`--port takes the port to ask, since several gateways run here: ${ports}`);
  }
  return first.map(({ address, port }) => urlOf(address, port));
}

function configured(flags: Flags, env: Environment): string {
  const { port, host } = readSettings(TARGET_SETTINGS, flags, env);
  if (port === 0) throw new UsageError('--port (GW_PORT) takes the port that the gateway got, not 0');
  return urlOf(host, port);
}

function urlOf(host: string, port: number): string {
  return `http://${reachable(host)}:${port}/health`;
}

/** Why a gateway is not healthy, in some words; `undefined` where it is. */
async function problemOf(url: string, timeoutMs: number): Promise<string | undefined> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const { status, body } = await fetchAnswer(url, signal);
    const { ok, error } = JSON.parse(body) ?? {};
    if (status === 200 && ok === true) return undefined;
    return `${url} answers ${status}${typeof error?.message === 'string' ? `, ${quote(error.message)}` : ''}`;
  } catch (error) {
    if (signal.aborted) return `${url} does not answer within ${timeoutMs} ms`;
    if (error instanceof SyntaxError) return `${url} does not answer as a gateway does`;
    return `${url} does not answer (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`;
  }
}

function fetchAnswer(url: string, signal: AbortSignal): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    // Without an agent the connection is not kept, which would hold up the end of a drain.
    const request = get(url, { signal, agent: false }, async (response) => {
      try {
        let body = '';
        for await (const chunk of response.setEncoding('utf8')) {
          body += chunk;
          if (body.length > ANSWER_BYTES_MAX) throw new SyntaxError('too long');
        }
        resolve({ status: response.statusCode, body });
      } catch (error) {
        reject(error);
      }
    });
    request.on('error', reject);
  });
}
