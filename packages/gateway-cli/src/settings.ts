import { DEFAULT_LIMITS, DEFAULT_TIMINGS, type Limits, type ProxyHeader, type RefuseBy, type Timings } from 'gateway-core';
import { LOG_LEVELS, type LogLevel, parseLogLevel } from './log-levels.js';
import { LIMIT_MEANINGS, TIMING_MEANINGS } from './meanings.js';
import { flagOf, parseInteger, type Setting, setting, variableOf } from './setting.js';

const REFUSE_BY = ['status', 'close'] as const satisfies readonly RefuseBy[];
/** More than any machine has cores for, and fewer than would bring it down by a typing error. */
const WORKERS_MAX = 256;
const PROXY_HEADERS = ['auto', 'x-forwarded-for', 'forwarded'] as const satisfies readonly ProxyHeader[];

/** Settings of the server around the gateway. */
export const SERVER_SETTINGS = {
  port: setting<number>({
    flag: '--port',
    variable: 'GW_PORT',
    argument: '<n>',
    meaning: 'TCP port; 0: any free one',
    takes: 'an integer from 0 to 65535',
    fallback: 4100,
    parse: (text) => parseInteger(text, 65_535),
  }),
  host: setting<string>({
    flag: '--host',
    variable: 'GW_HOST',
    argument: '<address>',
    meaning: 'address to listen on',
    takes: 'a host name or an IP address',
    fallback: '0.0.0.0',
    parse: (text) => (/^[\w.:%-]+$/.test(text) ? text : undefined),
  }),
  path: setting<string>({
    flag: '--path',
    variable: 'GW_PATH',
    argument: '<path>',
    meaning: 'path on which clients connect',
    takes: 'a path that begins with / and has no query',
    fallback: '/rt',
    parse: (text) => (/^\/[^?#\s]*$/.test(text) ? text : undefined),
  }),
  allowedOrigins: setting<string[] | undefined>({
    flag: '--allowed-origin',
    variable: 'GW_ALLOWED_ORIGIN',
    argument: '<origin>',
    meaning: 'origin that browsers may connect from; repeat it, or separate several by commas',
    takes: 'origins like https://app.example, separated by commas',
    fallback: undefined,
    fallbackText: 'any',
    repeatable: true,
    // Which origins there are is the gateway's to say.
    parse: (text) => text.split(',').map((item) => item.trim()),
  }),
  trustProxyHops: setting<number>({
    flag: '--trust-proxy-hops',
    variable: 'GW_TRUST_PROXY_HOPS',
    argument: '<n>',
    meaning: 'proxies in front that append addresses of clients to a header',
    takes: 'an integer from 0',
    fallback: 0,
    parse: (text) => parseInteger(text),
  }),
  trustProxyHeader: setting<ProxyHeader>({
    flag: '--trust-proxy-header',
    variable: 'GW_TRUST_PROXY_HEADER',
    argument: '<name>',
    meaning: `that header: ${PROXY_HEADERS.join(', ')}; auto: Forwarded where a request has no X-Forwarded-For`,
    takes: `one of ${PROXY_HEADERS.join(', ')}`,
    fallback: 'auto',
    parse: (text) => PROXY_HEADERS.find((header) => header === text),
  }),
  refuseBy: setting<RefuseBy>({
    flag: '--refuse-by',
    variable: 'GW_REFUSE_BY',
    argument: '<way>',
    meaning: 'tell refused clients by an HTTP status, or by a close code, which pages can see: status, close',
    takes: `one of ${REFUSE_BY.join(', ')}`,
    fallback: 'status',
    parse: (text) => REFUSE_BY.find((way) => way === text),
  }),
  metricsPort: setting<number | undefined>({
    flag: '--metrics-port',
    variable: 'GW_METRICS_PORT',
    argument: '<n>',
    meaning: 'TCP port on which Prometheus is answered /metrics; 0: any free one',
    takes: 'an integer from 0 to 65535',
    fallback: undefined,
    fallbackText: 'none',
    parse: (text) => parseInteger(text, 65_535),
  }),
  workers: setting<number>({
    flag: '--workers',
    variable: 'GW_WORKERS',
    argument: '<n>',
    meaning: 'processes that serve clients, beside one that they share; 0: this one alone',
    takes: `an integer from 0 to ${WORKERS_MAX}`,
    fallback: 0,
    parse: (text) => parseInteger(text, WORKERS_MAX),
  }),
  logLevel: setting<LogLevel>({
    flag: '--log-level',
    variable: 'LOG_LEVEL',
    argument: '<level>',
    meaning: `lowest level that is logged, or silent: ${LOG_LEVELS.filter((level) => level !== 'silent').join(', ')}`,
    takes: `one of ${LOG_LEVELS.join(', ')}`,
    fallback: 'info',
    sharedVariable: true,
    parse: parseLogLevel,
  }),
};

/** Settings of the Redis that several gateways share. */
export const REDIS_SETTINGS = {
  url: setting<string | undefined>({
    flag: '--redis-url',
    variable: 'GW_REDIS_URL',
    argument: '<url>',
    meaning: 'Redis or Valkey that this gateway shares its groups, presence, sessions and members in with others',
    takes: 'a URL like redis://127.0.0.1:6379, or rediss:// for TLS, or redis+sentinel://host:port,host:port/name',
    fallback: undefined,
    fallbackText: 'none, all in memory',
    parse: (text) => (isRedisUrl(text) ? text : undefined),
  }),
  prefix: setting<string>({
    flag: '--redis-prefix',
    variable: 'GW_REDIS_PREFIX',
    argument: '<text>',
    meaning: 'begins all keys there; gateways that share have the same',
    takes: 'text without spaces and braces',
    fallback: 'gw',
    parse: (text) => (/^[^\s{}]+$/.test(text) ? text : undefined),
  }),
};

/** A setting for every timing of the gateway. */
export const TIMING_SETTINGS: Record<keyof Timings, Setting<number>> = integers(DEFAULT_TIMINGS, TIMING_MEANINGS, '<ms>');

/** A setting for every limit of the gateway. */
export const LIMIT_SETTINGS: Record<keyof Limits, Setting<number>> = integers(DEFAULT_LIMITS, LIMIT_MEANINGS, '<n>');

function integers<Name extends string>(
  defaults: Readonly<Record<Name, number>>,
  meanings: Readonly<Record<Name, string>>,
  argument: string,
): Record<Name, Setting<number>> {
  const entries = (Object.keys(defaults) as Name[]).map((name) => [
    name,
    setting<number>({
      flag: flagOf(name),
      variable: variableOf(name),
      argument,
      meaning: meanings[name],
      takes: 'an integer from 0',
      fallback: defaults[name],
      parse: (text) => parseInteger(text),
    }),
  ]);
  return Object.fromEntries(entries) as Record<Name, Setting<number>>;
}

function isRedisUrl(text: string): boolean {
  if (!isDecodable(text)) return false;
  if (/^redis\+sentinel:/.test(text)) return /^redis\+sentinel:\/\/(?:[^\s@/]*@)?[^\s@/]+\/[^\s/?#]+(?:\/\d+)?$/.test(text);
  return /^rediss?:\/\/[^\s/]/.test(text) && URL.canParse(text);
}

/** Whether every % in it begins a character (RFC 3986 §2.1): users, passwords and names are decoded later. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
