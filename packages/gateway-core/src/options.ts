import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Http2SecureServer } from 'node:http2';
import type { Server as HttpsServer } from 'node:https';
import type { Logger } from 'gateway-protocol';
import type { Broker } from './broker/broker.js';
import type { Clock } from './clock.js';
import { invalidOption } from './errors.js';
import type { Authenticate, Authorize } from './hooks.js';
import { DEFAULT_LIMITS, type Limits } from './limits.js';
import type { MaybePromise } from './maybe-promise.js';
import type { MemberStore } from './members/member-store.js';
import { checkParts } from './part-checks.js';
import type { PresenceStore } from './presence/presence-store.js';
import type { SessionStore } from './sessions/session-store.js';
import { DEFAULT_TIMINGS, type Timings } from './timings.js';
import type { Tracer } from './tracer.js';
import { PROXY_HEADERS, type ProxyHeader, type TrustedProxies } from './transport/client-address.js';
import { compileOrigins } from './transport/origins.js';
import { normalPath, problemOfPath } from './transport/path.js';

/** A server that a gateway can be attached to. One of HTTP/2 must have `allowHTTP1`: WebSockets come by HTTP/1.1. */
export type HostServer = HttpServer | HttpsServer | Http2SecureServer;

/**
 * Decides whether a page of this origin may connect; `undefined`: the client sent none, so it is no browser. Anything but `true` is no. A
 * throw, a rejection, or no answer within `timings.partTimeoutMs` is answered 500, and is an `error` event.
 */
export type AllowOrigin = (origin: string | undefined, request: IncomingMessage) => MaybePromise<boolean>;

const REFUSE_BY = ['status', 'close'] as const;
/** What tells a client that it is refused: the HTTP status of its handshake, or a close code. */
export type RefuseBy = (typeof REFUSE_BY)[number];

/** Options of `createGateway`. Everything has a default. */
export interface GatewayOptions {
  /**
   * The server to attach to. The gateway closes when `server.close()` is called, since that waits for its clients. Without it, call
   * `gateway.handleUpgrade` yourself.
   */
  server?: HostServer | undefined;
  /** Path on which clients connect, with or without a slash at its end. Default `/rt`. */
  path?: string | undefined;
  /** Durations; see {@link Timings} for the defaults. */
  timings?: { [Name in keyof Timings]?: Timings[Name] | undefined } | undefined;
  /** Bounds; see {@link Limits} for the defaults. 0 switches a limit off. */
  limits?: { [Name in keyof Limits]?: Limits[Name] | undefined } | undefined;
  /**
   * Origins that browsers may connect from (RFC 6455 §10.2): a function, or a list of
   * - origins like `https://app.example` or `http://localhost:3000`, as browsers write them: lower case, no default port, no path;
   * - `https://*.app.example`: every host below `app.example`, at any depth, on this port, and not `app.example` itself;
   * - apps and extensions, like `capacitor://localhost`, `tauri://localhost` or `chrome-extension://<id>`;
   * - `'null'`, which sandboxed frames, `file:` pages and thus anybody can send.
   *
   * Default: any. A handshake without `Origin` is not from a browser and passes a list.
   */
  allowedOrigins?: readonly string[] | AllowOrigin | undefined;
  /**
   * How many proxies stand in front and append clients' addresses to a header; the client's is taken that many entries from its end.
   * Where it has fewer entries, or that one is no address, it is the socket's own address. Default 0: always that.
   */
  trustProxyHops?: number | undefined;
  /**
   * Which header they append to. Default `'auto'`: `X-Forwarded-For`, and `Forwarded` (RFC 7239) where a request has no `X-Forwarded-For`.
   * Behind proxies that write `Forwarded` and pass `X-Forwarded-For` on as it came, say `'forwarded'`, or clients could name any address.
   */
  trustProxyHeader?: ProxyHeader | undefined;
  /**
   * How clients learn that they are refused for their origin, for load, or because the gateway drains. `'status'`: by the handshake's HTTP
   * status, 403, 429 or 503. `'close'`: the handshake is completed and followed by a close frame with 4003, 4101 or 4202, since a page sees
   * no status, and cannot tell what to do. They are then kept for `timings.closeTimeoutMs` at most, and those over
   * `limits.refusedClosingMax` get a status. Default `'status'`.
   */
  refuseBy?: RefuseBy | undefined;
  /**
   * Compresses messages of 1 KiB and more for clients that ask for it (RFC 7692), each once for all receivers, and takes compressed ones.
   * What a client sends is inflated to `limits.messageBytesMax` at most. Default `false`: it costs a client that sends compressed tens of
   * kilobytes of memory here, and every long message its time.
   */
  perMessageDeflate?: boolean | undefined;
  /** Who is in which group. Default: in memory. */
  presence?: PresenceStore | undefined;
  /**
   * Members that can be resumed. Give one to several gateways, with a `presence` and a `broker` that they share too, and a client of dialect 2 can
   * come back on any of them as the same member; a gateway that closes leaves it to the others. Default: in memory, for this gateway alone.
   */
  members?: MemberStore | undefined;
  /** Collaborative sessions. Default: in memory. */
  sessions?: SessionStore | undefined;
  /** Order of each group's messages. Default: in memory, for this gateway alone. */
  broker?: Broker | undefined;
  /** Decides for every `identify` whether the client is who it says. Default: it is. */
  authenticate?: Authenticate | undefined;
  /** Decides for every group that is joined and every message whether the member may. Default: it may. */
  authorize?: Authorize | undefined;
  /** Follows messages through this gateway, see {@link Tracer}. Default: none, and a `traceparent` is passed on as it came. */
  tracer?: Tracer | undefined;
  /** Default: nothing is written anywhere. */
  logger?: Logger | undefined;
  /** Default: the machine's time. */
  clock?: Clock | undefined;
  /** Makes connection, member and node ids; must be unguessable and unique. Default: 128 random bits from `node:crypto`. */
  generateId?: (() => string) | undefined;
}

/** {@link GatewayOptions} after checks, with timings and limits complete. A limit that was 0 is `Infinity`. */
export interface ResolvedOptions {
  /** In the one spelling in which paths are compared. */
  path: string;
  timings: Readonly<Timings>;
  limits: Readonly<Limits>;
  allowOrigin: AllowOrigin;
  trustedProxies: TrustedProxies;
  refuseBy: RefuseBy;
  perMessageDeflate: boolean;
}

/** Timings that may be 0. */
const MAY_BE_ZERO: ReadonlySet<string> = new Set([
  'resumeTtlMs',
  'slowConsumerTimeoutMs',
  'presenceIntervalMs',
  'presenceIntervalMaxMs',
  'flushSliceMs',
  'drainDelayMs',
]);
/** The longest delay that a Node timer takes; a longer one would fire at once. */
export const DELAY_MAX = 2 ** 31 - 1;

const KNOWN = new Set<keyof GatewayOptions>([
  'server',
  'path',
  'timings',
  'limits',
  'allowedOrigins',
  'trustProxyHops',
  'trustProxyHeader',
  'refuseBy',
  'perMessageDeflate',
  'presence',
  'members',
  'sessions',
  'broker',
  'authenticate',
  'authorize',
  'tracer',
  'logger',
  'clock',
  'generateId',
]);

/** @throws GatewayError `INVALID_OPTION`, naming the option. */
export function resolveOptions(options: GatewayOptions): ResolvedOptions {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', 'must be an object');
  for (const name of Object.keys(options))
    if (!KNOWN.has(name as keyof GatewayOptions)) throw invalidOption(name, 'is not an option');
  const path = options.path ?? '/rt';
  const problem = problemOfPath(path);
  if (problem !== undefined) throw invalidOption('path', problem);
  checkParts({ ...options });
  const trustProxyHops = options.trustProxyHops ?? 0;
  if (!Number.isInteger(trustProxyHops) || trustProxyHops < 0) throw invalidOption('trustProxyHops', 'must be an integer from 0');
  const trustProxyHeader = options.trustProxyHeader ?? 'auto';
  if (!PROXY_HEADERS.includes(trustProxyHeader))
    throw invalidOption('trustProxyHeader', `must be one of ${PROXY_HEADERS.join(', ')}`);
  const refuseBy = options.refuseBy ?? 'status';
  if (!REFUSE_BY.includes(refuseBy)) throw invalidOption('refuseBy', `must be one of ${REFUSE_BY.join(', ')}`);
  const perMessageDeflate = options.perMessageDeflate ?? false;
  if (typeof perMessageDeflate !== 'boolean') throw invalidOption('perMessageDeflate', 'must be true or false');
  return {
    path: normalPath(path),
    timings: resolveTimings(options.timings),
    limits: resolveLimits(options.limits),
    allowOrigin: resolveOrigins(options.allowedOrigins),
    trustedProxies: { hops: trustProxyHops, header: trustProxyHeader },
    refuseBy,
    perMessageDeflate,
  };
}

function resolveOrigins(origins: GatewayOptions['allowedOrigins']): AllowOrigin {
  if (origins === undefined) return () => true;
  if (typeof origins === 'function') return origins;
  if (!Array.isArray(origins))
    throw invalidOption('allowedOrigins', 'must be a function or a list of origins like https://app.example');
  const list = compileOrigins(origins);
  if (typeof list === 'string') throw invalidOption('allowedOrigins', list);
  return (origin) => origin === undefined || list.includes(origin);
}

function resolveTimings(given: Partial<Timings> | undefined): Timings {
  const timings = merge('timings', DEFAULT_TIMINGS, given);
  for (const [name, value] of Object.entries(timings)) {
    const least = MAY_BE_ZERO.has(name) ? 0 : 1;
    if (value < least || value > DELAY_MAX)
      throw invalidOption(`timings.${name}`, `must be an integer from ${least} to ${DELAY_MAX}`);
  }
  if (timings.heartbeatTimeoutMs <= timings.heartbeatIntervalMs) {
    throw invalidOption('timings.heartbeatTimeoutMs', 'must be more than timings.heartbeatIntervalMs');
  }
  if (timings.presenceLeaseMs <= timings.sweepIntervalMs) {
    throw invalidOption('timings.presenceLeaseMs', 'must be more than timings.sweepIntervalMs');
  }
  return timings;
}

function resolveLimits(given: Partial<Limits> | undefined): Limits {
  const limits = merge('limits', DEFAULT_LIMITS, given);
  // Who takes any number of messages, and says nothing of those that are `identify`s, takes any number of them.
  const anyNumber = limits.messagesPerSecondMax === 0 || limits.messagesBurst === 0;
  if (anyNumber && given?.joinsPerSecondMax === undefined) limits.joinsPerSecondMax = 0;
  for (const name of Object.keys(limits) as (keyof Limits)[]) if (limits[name] === 0) limits[name] = Number.POSITIVE_INFINITY;
  const prefix = limits.ipv6PrefixLength;
  if (Number.isFinite(prefix) && prefix > 128) throw invalidOption('limits.ipv6PrefixLength', 'must be an integer from 0 to 128');
  // A message that the burst can never hold would be refused for ever.
  if (limits.bytesBurst < limits.messageBytesMax)
    throw invalidOption('limits.bytesBurst', 'must be at least limits.messageBytesMax, or 0 (off)');
  return limits;
}

function merge<T extends object>(group: string, defaults: Readonly<T>, given: Partial<T> | undefined): T {
  if (given !== undefined && (typeof given !== 'object' || given === null)) throw invalidOption(group, 'must be an object');
  const merged: T = { ...defaults };
  for (const [name, value] of Object.entries(given ?? {})) {
    if (!Object.hasOwn(defaults, name)) throw invalidOption(`${group}.${name}`, 'is not an option');
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || (value as number) < 0)
      throw invalidOption(`${group}.${name}`, 'must be an integer from 0');
    merged[name as keyof T] = value as T[keyof T];
  }
  return merged;
}
