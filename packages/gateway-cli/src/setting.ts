import { isServiceLink, serviceOf } from './service-link.js';
import { quote, UsageError } from './usage-error.js';

/** One value that a flag and an environment variable can set. */
export interface Setting<T = unknown> {
  /** Like `--heartbeat-interval-ms`. */
  flag: string;
  /** Like `GW_HEARTBEAT_INTERVAL_MS`. */
  variable: string;
  /** How the help names the argument, like `<ms>`. */
  argument: string;
  meaning: string;
  /** Ends the sentence "--port takes …". */
  takes: string;
  fallback: T;
  /** How the help shows a `fallback` that does not speak for itself. */
  fallbackText?: string | undefined;
  /** A repeated flag adds to the earlier ones, joined by commas; else the last one counts. */
  repeatable?: boolean | undefined;
  /** Other programs read the variable too: one that says what this program does not take is warned of, and counts as not set. */
  sharedVariable?: boolean | undefined;
  /** Reads what a flag or a variable says; `undefined`: that is not what it takes. */
  parse(text: string): T | undefined;
}

/** A setting as it is written in a table, of which the compiler learns what it answers. */
export function setting<T>(definition: Setting<T>): Setting<T> {
  return definition;
}

/** What the flags said, as it was typed; by flag. */
export type Flags = ReadonlyMap<string, string>;
/** Environment variables by name, like `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Is told, in one line, of a variable that is passed over. */
export type Warn = (line: string) => void;

type Values<Table> = { -readonly [Name in keyof Table]: Table[Name] extends Setting<infer T> ? T : never };

/**
 * Reads a table of settings: a flag before the environment, the environment before the default.
 * @throws UsageError that names the flag or the variable.
 */
export function readSettings<Table extends Record<string, Setting>>(
  table: Table,
  flags: Flags,
  env: Environment,
  warn: Warn = () => {},
): Values<Table> {
  const values = Object.entries(table).map(([name, setting]) => [name, readSetting(setting, flags, env, warn)]);
  return Object.fromEntries(values) as Values<Table>;
}

function readSetting(setting: Setting, flags: Flags, env: Environment, warn: Warn): unknown {
  const flag = flags.get(setting.flag);
  if (flag !== undefined) return parse(setting, setting.flag, flag);
  const { variable, fallback, fallbackText } = setting;
  const text = env[variable];
  // An empty variable is how shells and compose files say "not set".
  if (text === undefined || text === '') return fallback;
  const used = `${setting.flag} is ${fallbackText ?? fallback}, its default`;
  if (isServiceLink(variable, text)) {
    warn(
      `${variable}=${text} was set for a Service named "${serviceOf(variable)}" and is passed over: ${used}. ` +
        `Set enableServiceLinks: false in the pod, name the Service otherwise, or set ${variable} yourself`,
    );
    return fallback;
  }
  if (setting.sharedVariable && setting.parse(text) === undefined) {
    warn(`${variable} takes ${setting.takes}, not ${quote(text)}: ${used}`);
    return fallback;
  }
  return parse(setting, variable, text);
}

function parse(setting: Setting, source: string, text: string): unknown {
  const value = setting.parse(text);
  if (value === undefined) throw new UsageError(`${source} takes ${setting.takes}, not ${quote(text)}`);
  return value;
}

/** `heartbeatIntervalMs` → `--heartbeat-interval-ms`. */
export function flagOf(optionName: string): string {
  return `--${optionName.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `heartbeatIntervalMs` → `GW_HEARTBEAT_INTERVAL_MS`. */
export function variableOf(optionName: string): string {
  return `GW_${flagOf(optionName).slice(2).replaceAll('-', '_').toUpperCase()}`;
}

/** Decimal digits only: `4100abc`, `1e3`, `0x10` and ` 5` are typing errors, not numbers. */
export function parseInteger(text: string, max = Number.MAX_SAFE_INTEGER): number | undefined {
  return /^\d+$/.test(text) && Number(text) <= max ? Number(text) : undefined;
}

/** Seconds, whole or with a decimal point. @returns milliseconds. */
export function parseSeconds(text: string, min: number, max: number): number | undefined {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return seconds >= min && seconds <= max ? Math.round(seconds * 1_000) : undefined;
}
