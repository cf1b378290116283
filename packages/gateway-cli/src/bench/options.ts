import { readFileSync } from 'node:fs';
import { type Environment, type Flags, parseInteger, parseSeconds, readSettings, type Setting, setting } from '../setting.js';
import { quote, UsageError } from '../usage-error.js';
import type { Target } from './generator/handshake.js';
import { DATA_BYTES_MIN } from './generator/payload.js';

/** What is to be done to which gateway. */
export interface BenchOptions {
  url: string;
  target: Target;
  token: string | undefined;
  connections: number;
  groups: number;
  /** Messages per second over all groups. */
  rate: number;
  /** Bytes of data in each message. */
  size: number;
  durationMs: number;
}

/** As many as a gateway takes by default (`limits.connectionsMax`). */
const CONNECTIONS_MAX = 50_000;
const RATE_MAX = 100_000;
const SIZE_MAX = 1024 * 1024;
const DURATION_MIN_S = 0.1;
const DURATION_MAX_S = 86_400;

export const LOAD_SETTINGS = {
  connections: integer('connections', 'connections, spread over the groups', 100, 1, CONNECTIONS_MAX),
  groups: integer('groups', 'groups', 1, 1, CONNECTIONS_MAX),
  rate: integer('rate', 'messages published per second, over all groups', 100, 1, RATE_MAX),
  size: integer('size', 'bytes of data in each message', 128, DATA_BYTES_MIN, SIZE_MAX),
  durationMs: setting<number>({
    flag: '--duration',
    variable: 'GW_BENCH_DURATION',
    argument: '<s>',
    meaning: 'seconds for which it publishes',
    takes: `seconds from ${DURATION_MIN_S} to ${DURATION_MAX_S}`,
    fallback: 10_000,
    fallbackText: '10',
    parse: (text) => parseSeconds(text, DURATION_MIN_S, DURATION_MAX_S),
  }),
};

export const CONNECTION_SETTINGS = {
  token: setting<string | undefined>({
    flag: '--token',
    variable: 'GW_BENCH_TOKEN',
    argument: '<token>',
    meaning: 'sent with every identify; a variable does not show in the list of processes',
    takes: 'a token',
    fallback: undefined,
    fallbackText: 'none',
    parse: (text) => (text === '' ? undefined : text),
  }),
  ca: setting<string | undefined>({
    flag: '--ca',
    variable: 'GW_BENCH_CA',
    argument: '<file>',
    meaning: "certificate authority of a wss:// gateway, PEM; instead of Node's own",
    takes: 'a file',
    fallback: undefined,
    fallbackText: 'none',
    parse: (text) => (text === '' ? undefined : text),
  }),
};

/** @throws UsageError that names the argument, the flag or the variable. */
export function resolveBenchOptions(url: string, flags: Flags, env: Environment, insecure: boolean): BenchOptions {
  const { connections, groups, rate, size, durationMs } = readSettings(LOAD_SETTINGS, flags, env);
  const { token, ca } = readSettings(CONNECTION_SETTINGS, flags, env);
  if (groups > connections) {
    throw new UsageError(
      `--groups (GW_BENCH_GROUPS) takes at most one for each of the ${connections} connections, not "${groups}"`,
    );
  }
  return { url, target: targetOf(url, ca, insecure), token, connections, groups, rate, size, durationMs };
}

function targetOf(url: string, ca: string | undefined, insecure: boolean): Target {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^wss?:$/.test(parsed.protocol) || parsed.username !== '' || parsed.hash !== '') {
    throw new UsageError(`bench takes a URL like ws://127.0.0.1:4100/rt, not ${quote(url)}`);
  }
  const { protocol, hostname, port, pathname, search } = parsed;
  const secure = protocol === 'wss:';
  if (!secure && (ca !== undefined || insecure)) throw new UsageError('--ca (GW_BENCH_CA) and --insecure go with a wss:// URL');
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    path: pathname + search,
    tls: secure ? { ca: ca === undefined ? undefined : readAuthority(ca), rejectUnauthorized: !insecure } : undefined,
  };
}

function readAuthority(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(
      `--ca (GW_BENCH_CA) takes a file that can be read, not ${quote(file)} (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}

function integer(name: string, meaning: string, fallback: number, min: number, max: number): Setting<number> {
  return {
    flag: `--${name}`,
    variable: `GW_BENCH_${name.toUpperCase()}`,
    argument: '<n>',
    meaning,
    takes: `an integer from ${min} to ${max}`,
    fallback,
    parse: (text) => {
      const value = parseInteger(text, max);
      return value === undefined || value < min ? undefined : value;
    },
  };
}
