import { GatewayError, type Limits, type ProxyHeader, type Timings } from 'gateway-core';
import { type Environment, type Flags, readSettings, type Setting } from './setting.js';
import { LIMIT_SETTINGS, type LogLevel, SERVER_SETTINGS, TIMING_SETTINGS } from './settings.js';
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
  logLevel: LogLevel;
  /** Logs for people instead of JSON. */
  pretty: boolean;
  timings: Timings;
  /** 0: off. */
  limits: Limits;
}

/**
 * A flag before the environment, the environment before the default; an empty variable counts as unset.
 * @throws UsageError that names the flag or the variable.
 */
export function resolveConfig(flags: Flags, env: Environment, pretty: boolean): ServeConfig {
  return {
    ...readSettings(SERVER_SETTINGS, flags, env),
    pretty,
    timings: readSettings(TIMING_SETTINGS, flags, env),
    limits: readSettings(LIMIT_SETTINGS, flags, env),
  };
}

/** Says why the gateway did not start in the words of the command line, where it is the configuration's fault. */
export function asUsageError(error: unknown, { host, port }: ServeConfig): unknown {
  if (error instanceof GatewayError) return error.code === 'INVALID_OPTION' ? new UsageError(inFlags(error.message)) : error;
  const { port: portSetting, host: hostSetting } = SERVER_SETTINGS;
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

/** `timings.heartbeatTimeoutMs: must be …` → `--heartbeat-timeout-ms (GW_HEARTBEAT_TIMEOUT_MS) must be …`. */
function inFlags(message: string): string {
  const settings: Record<string, Setting> = { ...TIMING_SETTINGS, ...LIMIT_SETTINGS };
  return message
    .replace(/\b(?:timings|limits)\.(\w+)/g, (text, name: string) =>
      settings[name] === undefined ? text : named(settings[name]),
    )
    .replace(': ', ' ');
}

function named(setting: Setting): string {
  return `${setting.flag} (${setting.variable})`;
}
