import { GatewayError, type Limits, type ProxyHeader, type RefuseBy, type Timings } from 'gateway-core';
import type { LogLevel } from './log-levels.js';
import type { PlaygroundOptions } from './playground/playground.js';
import { type PlaygroundSwitches, resolvePlayground } from './playground/playground-config.js';
import { PROBES } from './probes.js';
import { type Environment, type Flags, readSettings, type Setting, type Warn } from './setting.js';
import { LIMIT_SETTINGS, REDIS_SETTINGS, SERVER_SETTINGS, TIMING_SETTINGS } from './settings.js';
import { SAID, said } from './switch-variable.js';
import { resolveTokens, TOKEN_SETTINGS, type TokensConfig } from './token-settings.js';
import { quote, UsageError } from './usage-error.js';

/** Everything that `gateway-cli serve` can be told, complete; what `--print-config` prints, with `null` for what is absent. */
export interface ServeConfig {
  /** 0: any free port. */
  port: number;
  host: string;
  path: string;
  /** Absent: any. */
  allowedOrigins?: string[] | undefined;
  trustProxyHops: number;
  trustProxyHeader: ProxyHeader;
  refuseBy: RefuseBy;
  /** Absent: no metrics. */
  metricsPort?: number | undefined;
  /** Processes that serve clients; 0: one that does all. */
  workers: number;
  logLevel: LogLevel;
  /** Logs for people instead of JSON. */
  pretty: boolean;
  /** `/livez` and `/readyz` are answered. */
  probes: boolean;
  /** Nobody is asked for a token, and nobody is to be warned of it. */
  anonymous: boolean;
  /** Absent: clients are asked for none. */
  tokens?: TokensConfig | undefined;
  /** Shared with other gateways. Absent: none, all is in memory. */
  redis?: { url: string; prefix: string } | undefined;
  /** Absent: none. */
  playground?: PlaygroundOptions | undefined;
  timings: Timings;
  /** 0: off. */
  limits: Limits;
}

/**
 * A flag before the environment, the environment before the default; an empty variable counts as unset.
 * @param switches flags that take no value.
 * @param warn is told of variables that are passed over.
 * @throws UsageError that names the flag or the variable.
 */
export function resolveConfig(
  flags: Flags,
  env: Environment,
  pretty: boolean,
  switches: PlaygroundSwitches & { anonymous?: boolean | undefined; probes?: boolean | undefined } = {},
  warn?: Warn,
): ServeConfig {
  const server = readSettings(SERVER_SETTINGS, flags, env, warn);
  const { url, prefix } = readSettings(REDIS_SETTINGS, flags, env, warn);
  if (url !== undefined && server.workers > 0) {
    throw new UsageError('--redis-url (GW_REDIS_URL) is for one process each: leave it out, or --workers (GW_WORKERS)');
  }
  return {
    ...server,
    pretty,
    probes: switches.probes ?? said(PROBES.variable, env, SAID) ?? false,
    ...resolveTokens(switches, flags, env),
    redis: url === undefined ? undefined : { url, prefix },
    playground: resolvePlayground(switches, flags, env, server),
    timings: readSettings(TIMING_SETTINGS, flags, env, warn),
    limits: readSettings(LIMIT_SETTINGS, flags, env, warn),
  };
}

/**
 * Says why the gateway did not start in the words of the command line, where it is the configuration's fault.
 * @param metricsPort the port that could not be had, where it was that of metrics.
 */
export function asUsageError(error: unknown, { host, port: served }: ServeConfig, metricsPort?: number): unknown {
  if (error instanceof GatewayError) return error.code === 'INVALID_OPTION' ? new UsageError(inFlags(error.message)) : error;
  const { host: hostSetting } = SERVER_SETTINGS;
  const portSetting = metricsPort === undefined ? SERVER_SETTINGS.port : SERVER_SETTINGS.metricsPort;
  const port = metricsPort ?? served;
  switch ((error as NodeJS.ErrnoException)?.code) {
    case 'EADDRINUSE':
      return new UsageError(`${named(portSetting)} takes a free port, or 0 for any: ${port} on ${quote(host)} is in use`);
    case 'EACCES':
      return new UsageError(`${named(portSetting)} takes a port that this user may open, not ${port}`);
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new UsageError(`${named(hostSetting)} takes an address of this machine, not ${quote(host)}`);
    default:
      return error;
  }
}

/** The settings by the names that the gateway's options have. */
const BY_OPTION = new Map<string, Pick<Setting, 'flag' | 'variable'>>([
  ['playground', { flag: '--playground', variable: 'GW_PLAYGROUND' }],
  ...Object.entries<Setting>(SERVER_SETTINGS),
  ...Object.entries<Setting>(TOKEN_SETTINGS),
  ['timings.clockToleranceMs', TOKEN_SETTINGS.clockToleranceMs],
  ...Object.entries(TIMING_SETTINGS).map(([name, setting]) => [`timings.${name}`, setting] as const),
  ...Object.entries(LIMIT_SETTINGS).map(([name, setting]) => [`limits.${name}`, setting] as const),
]);

/** `timings.heartbeatTimeoutMs: must be …` → `--heartbeat-timeout-ms (GW_HEARTBEAT_TIMEOUT_MS) must be …`, in one line. */
function inFlags(message: string): string {
  // A name of one word alone may be a word of the sentence, like "path"; in front it is the option.
  const [, option = '', problem = message] = /^([\w.]+): (.*)$/s.exec(message) ?? [];
  const sentence = problem.replace(/\b(?:(?:timings|limits)\.\w+|[a-z]+[A-Z]\w*)/g, inFlag).replace(/\s+/g, ' ');
  if (option === '') return sentence;
  return `${inFlag(option)}${/^[a-z]/.test(problem) ? '' : ':'} ${sentence}`;
}

function inFlag(option: string): string {
  const setting = BY_OPTION.get(option);
  return setting === undefined ? option : named(setting);
}

function named(setting: Pick<Setting, 'flag' | 'variable'>): string {
  return `${setting.flag} (${setting.variable})`;
}
