import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Logger } from 'gateway-protocol';
import type { Broker } from './broker/broker.js';
import type { Clock } from './clock.js';
import { GatewayError } from './errors.js';
import type { Authenticate, Authorize } from './hooks.js';
import { DEFAULT_LIMITS, type Limits } from './limits.js';
import type { PresenceStore } from './presence/presence-store.js';
import type { SessionStore } from './sessions/session-store.js';
import { DEFAULT_TIMINGS, type Timings } from './timings.js';

/** Options of `createGateway`. Everything has a default. */
export interface GatewayOptions {
  /** The server to attach to. Without it, call `gateway.handleUpgrade` yourself. */
  server?: HttpServer | HttpsServer;
  /** Path on which clients connect. Default `/rt`. */
  path?: string;
  /** Durations; see {@link Timings} for the defaults. */
  timings?: Partial<Timings>;
  /** Bounds; see {@link Limits} for the defaults. 0 switches a limit off. */
  limits?: Partial<Limits>;
  /**
   * Origins that browsers may connect from (RFC 6455 §10.2): a list of exact origins like `https://app.example`, or a function. Default:
   * any. A handshake without `Origin` is not from a browser and passes a list.
   */
  allowedOrigins?: readonly string[] | ((origin: string | undefined, request: IncomingMessage) => boolean);
  /**
   * How many proxies stand in front and append to `X-Forwarded-For`; the client's address is taken that many entries from the header's
   * end. Default 0: the socket's own address.
   */
  trustProxyHops?: number;
  /**
   * Compresses messages of 1 KiB and more for clients that ask for it (RFC 7692), each once for all receivers, and takes compressed ones.
   * What a client sends is inflated to `limits.messageBytesMax` at most. Default `false`: it costs a client that sends compressed tens of
   * kilobytes of memory here, and every long message its time.
   */
  perMessageDeflate?: boolean;
  /** Who is in which group. Default: in memory. */
  presence?: PresenceStore;
  /** Collaborative sessions. Default: in memory. */
  sessions?: SessionStore;
  /** Order of each group's messages. Default: in memory, for this gateway alone. */
  broker?: Broker;
  /** Decides for every `identify` whether the client is who it says. Default: it is. */
  authenticate?: Authenticate;
  /** Decides for every group that is joined and every message whether the member may. Default: it may. */
  authorize?: Authorize;
  /** Default: nothing is written anywhere. */
  logger?: Logger;
  /** Default: the machine's time. */
  clock?: Clock;
  /** Makes connection, member and node ids; must be unguessable and unique. Default: 128 random bits from `node:crypto`. */
  generateId?: () => string;
}

/** {@link GatewayOptions} after checks, with timings and limits complete. A limit that was 0 is `Infinity`. */
export interface ResolvedOptions {
  path: string;
  timings: Readonly<Timings>;
  limits: Readonly<Limits>;
  allowedOrigins: GatewayOptions['allowedOrigins'];
  trustProxyHops: number;
  perMessageDeflate: boolean;
}

/** Timings that may be 0. */
const MAY_BE_ZERO: ReadonlySet<string> = new Set(['resumeTtlMs', 'slowConsumerTimeoutMs', 'presenceIntervalMs']);
/** The longest delay that a Node timer takes; a longer one would fire at once. */
export const DELAY_MAX = 2 ** 31 - 1;

const KNOWN = new Set<keyof GatewayOptions>([
  'server',
  'path',
  'timings',
  'limits',
  'allowedOrigins',
  'trustProxyHops',
  'perMessageDeflate',
  'presence',
  'sessions',
  'broker',
  'authenticate',
  'authorize',
  'logger',
  'clock',
  'generateId',
]);

/** @throws GatewayError `INVALID_OPTION`, naming the option. */
export function resolveOptions(options: GatewayOptions): ResolvedOptions {
  if (typeof options !== 'object' || options === null) throw invalid('options', 'must be an object');
  for (const name of Object.keys(options)) if (!KNOWN.has(name as keyof GatewayOptions)) throw invalid(name, 'is not an option');
  const path = options.path ?? '/rt';
  if (typeof path !== 'string' || !/^\/[^?#\s]*$/.test(path))
    throw invalid('path', 'must be a string that begins with / and has no query');
  checkParts(options);
  const trustProxyHops = options.trustProxyHops ?? 0;
  if (!Number.isInteger(trustProxyHops) || trustProxyHops < 0) throw invalid('trustProxyHops', 'must be an integer from 0');
  const perMessageDeflate = options.perMessageDeflate ?? false;
  if (typeof perMessageDeflate !== 'boolean') throw invalid('perMessageDeflate', 'must be true or false');
  return {
    path,
    timings: resolveTimings(options.timings),
    limits: resolveLimits(options.limits),
    allowedOrigins: options.allowedOrigins,
    trustProxyHops,
    perMessageDeflate,
  };
}

function checkParts(options: GatewayOptions): void {
  const parts: [name: keyof GatewayOptions, methods: string[]][] = [
    ['server', ['on', 'emit', 'listenerCount']],
    ['presence', ['enter', 'leave', 'info', 'list', 'touch', 'watch']],
    ['sessions', ['upsert', 'touch', 'list', 'expire']],
    ['broker', ['publish', 'subscribe', 'history']],
    ['logger', ['debug', 'info', 'warn', 'error']],
    ['clock', ['now', 'monotonicMs', 'setTimeout', 'clearTimeout', 'setImmediate']],
  ];
  for (const [name, methods] of parts) {
    const part = options[name] as Record<string, unknown> | undefined;
    if (part === undefined) continue;
    const missing = methods.find((method) => typeof part?.[method] !== 'function');
    if (missing !== undefined) throw invalid(name, `must have a method ${missing}()`);
  }
  for (const name of ['authenticate', 'authorize', 'generateId'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function') throw invalid(name, 'must be a function');
  }
  const origins = options.allowedOrigins;
  if (origins === undefined || typeof origins === 'function') return;
  if (!Array.isArray(origins) || !origins.every((origin) => typeof origin === 'string' && originOf(origin) === origin)) {
    throw invalid('allowedOrigins', 'must be a function or a list of origins like https://app.example');
  }
}

function originOf(text: string): string | undefined {
  return URL.canParse(text) ? new URL(text).origin : undefined;
}

function resolveTimings(given: Partial<Timings> | undefined): Timings {
  const timings = merge('timings', DEFAULT_TIMINGS, given);
  for (const [name, value] of Object.entries(timings)) {
    const least = MAY_BE_ZERO.has(name) ? 0 : 1;
    if (value < least || value > DELAY_MAX) throw invalid(`timings.${name}`, `must be an integer from ${least} to ${DELAY_MAX}`);
  }
  if (timings.heartbeatTimeoutMs <= timings.heartbeatIntervalMs) {
    throw invalid('timings.heartbeatTimeoutMs', 'must be more than timings.heartbeatIntervalMs');
  }
  if (timings.presenceLeaseMs <= timings.sweepIntervalMs) {
    throw invalid('timings.presenceLeaseMs', 'must be more than timings.sweepIntervalMs');
  }
  return timings;
}

function resolveLimits(given: Partial<Limits> | undefined): Limits {
  const limits = merge('limits', DEFAULT_LIMITS, given);
  for (const name of Object.keys(limits) as (keyof Limits)[]) if (limits[name] === 0) limits[name] = Number.POSITIVE_INFINITY;
  // A message that the burst can never hold would be refused for ever.
  if (limits.bytesBurst < limits.messageBytesMax)
    throw invalid('limits.bytesBurst', 'must be at least limits.messageBytesMax, or 0 (off)');
  return limits;
}

function merge<T extends object>(group: string, defaults: Readonly<T>, given: Partial<T> | undefined): T {
  if (given !== undefined && (typeof given !== 'object' || given === null)) throw invalid(group, 'must be an object');
  const merged: T = { ...defaults };
  for (const [name, value] of Object.entries(given ?? {})) {
    if (!Object.hasOwn(defaults, name)) throw invalid(`${group}.${name}`, 'is not an option');
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw invalid(`${group}.${name}`, 'must be an integer from 0');
    merged[name as keyof T] = value as T[keyof T];
  }
  return merged;
}

function invalid(name: string, problem: string): GatewayError {
  return new GatewayError('INVALID_OPTION', `${name}: ${problem}`);
}
