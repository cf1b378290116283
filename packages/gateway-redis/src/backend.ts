import {
  type Broker,
  type Clock,
  type Logger,
  type MemberStore,
  type PresenceStore,
  type ResetReason,
  type SessionStore,
  systemClock,
} from 'gateway-core';
import { Connection } from './connection.js';
import type { ConnectionState } from './connection-state.js';
import { RedisBackendError, textOf } from './errors.js';
import { LOG_SCRIPTS } from './log-scripts.js';
import { MEMBER_SCRIPTS } from './member-scripts.js';
import { PRESENCE_SCRIPTS } from './presence-scripts.js';
import { type RandomSource, systemRandom } from './random-source.js';
import { RedisBroker } from './redis-broker.js';
import { RedisMemberStore } from './redis-member-store.js';
import { RedisPresenceStore } from './redis-presence-store.js';
import { RedisSessionStore } from './redis-session-store.js';
import type { RedisTimings } from './redis-timings.js';
import { primaryBySentinels } from './sentinels.js';
import { SESSION_SCRIPTS } from './session-scripts.js';
import { type Dial, dialRedis } from './wire.js';

/** Bounds of a backend. */
export interface RedisLimits {
  /** Messages that a group's log keeps in Redis; it may keep an eighth and a batch more. Default 1,024. */
  logMessagesMax: number;
  /** Bytes that a group's log keeps in Redis; it keeps half of them at least. Default 1 MiB. */
  logBytesMax: number;
  /** How long a log is kept after its last message or its last subscriber, in milliseconds. Default 300,000. */
  logTtlMs: number;
  /** Idempotency keys that a group's log remembers at least, and twice as many at most; for `logTtlMs` at most twice. Default 1,024. */
  idempotencyKeysMax: number;
  /** Messages that are appended in one call. Default 64. */
  batchMessagesMax: number;
  /** Bytes that are appended in one call; one message may be larger. Default 256 KiB. */
  batchBytesMax: number;
  /** Bytes of messages that Redis has not answered, of all groups; beyond it a publish is refused at once. Default 16 MiB. */
  pendingBytesMax: number;
}

/** The defaults of {@link RedisLimits}. */
export const DEFAULT_REDIS_LIMITS: Readonly<RedisLimits> = {
  logMessagesMax: 1_024,
  logBytesMax: 1024 * 1024,
  logTtlMs: 300_000,
  idempotencyKeysMax: 1_024,
  batchMessagesMax: 64,
  batchBytesMax: 256 * 1024,
  pendingBytesMax: 16 * 1024 * 1024,
};

/** The defaults of {@link RedisTimings}. */
export const DEFAULT_REDIS_TIMINGS: Readonly<RedisTimings> = {
  commandTimeoutMs: 3_000,
  publishTimeoutMs: 5_000,
  probeIntervalMs: 5_000,
  auditIntervalMs: 30_000,
  reconnectMaxMs: 2_000,
  sweepIntervalMs: 250,
  downTtlMs: 300_000,
  untouchedLeaseMs: 30_000,
};

/** Options of {@link createRedisBackend}; all but `url` have a default. */
export interface RedisBackendOptions {
  /**
   * `redis[s]://[[user][:password]@]host[:port][/db]`, or `redis+sentinel://[[user][:password]@]host[:port],host[:port]/name[/db]`: the sentinels are
   * asked for the primary of that name before each attempt to connect. A function is asked before each attempt, too.
   */
  url: string | (() => string | Promise<string>);
  /** Over the URL's. */
  username?: string | undefined;
  password?: string | undefined;
  /** Begins every key and channel; gateways with the same one share their groups. No braces. Default `gw`. */
  prefix?: string | undefined;
  timings?: { [Name in keyof RedisTimings]?: number | undefined } | undefined;
  limits?: { [Name in keyof RedisLimits]?: number | undefined } | undefined;
  /** Is told of what fails and of settings that lose messages. Default: nothing is. */
  logger?: Logger | undefined;
  /** Of this side's deadlines; what Redis keeps goes by Redis' own time. Default: the machine's time. */
  clock?: Clock | undefined;
}

/** Events of a {@link RedisBackend}. */
export interface RedisBackendEvents {
  /** The connection has come or gone. `reason`: why it is not up. */
  state: { state: ConnectionState; reason: string | undefined };
  /** Subscribers of a group were told that messages may be lost to them. */
  loss: { groupId: string; reason: ResetReason };
}

/** Everything that gateways share, in one Redis. */
export interface RedisBackend {
  /** For `createGateway({ ...backend.parts })`. */
  readonly parts: {
    readonly broker: Broker;
    readonly presence: PresenceStore;
    readonly sessions: SessionStore;
    readonly members: MemberStore;
  };
  readonly state: ConnectionState;
  /** Why it is not up. */
  readonly reason: string | undefined;
  /** Resolves when Redis can be used; rejects with `UNAVAILABLE` and the reason after `publishTimeoutMs`. A gateway need not wait for it. */
  ready(): Promise<void>;
  /** Returns what ends it. */
  on<Name extends keyof RedisBackendEvents>(name: Name, listener: (event: RedisBackendEvents[Name]) => void): () => void;
  /** Ends the connections, once what is under way is answered: after the gateways that use it have closed. */
  close(): void;
}

/** @internal For tests of what takes minutes, and for simulations. */
export interface BackendInternals {
  /** Milliseconds added to the server's time. */
  skewMs?: (() => number) | undefined;
  /** Opens connections. Default: the client library. */
  dial?: Dial | undefined;
  /** Default: the machine's. */
  random?: RandomSource | undefined;
}

/**
 * Keeps groups, presence, sessions and members in one Redis (6.2 or later) or Valkey, for any number of gateways.
 * @throws RedisBackendError `UNUSABLE`, where an option is wrong.
 * @example
 * const backend = createRedisBackend({ url: 'redis://127.0.0.1:6379' });
 * const gateway = createGateway({ server, ...backend.parts });
 */
export function createRedisBackend(options: RedisBackendOptions): RedisBackend {
  return backendOf(options, {});
}

/** @internal */
export function backendOf(options: RedisBackendOptions, internals: BackendInternals): RedisBackend {
  const { skewMs = () => 0, dial = dialRedis, random = systemRandom } = internals;
  const { username, password, prefix = 'gw', clock = systemClock, logger = SILENT } = options;
  if (/[{}]/.test(prefix) || prefix === '')
    throw new RedisBackendError('UNUSABLE', 'prefix: must not be empty and have no braces');
  const limits = filled(DEFAULT_REDIS_LIMITS, options.limits);
  const timings = filled(DEFAULT_REDIS_TIMINGS, options.timings);
  const url =
    (typeof options.url === 'string' && primaryBySentinels(options.url, clock, timings.commandTimeoutMs)) || options.url;
  const scripts = [...LOG_SCRIPTS, ...PRESENCE_SCRIPTS, ...SESSION_SCRIPTS, ...MEMBER_SCRIPTS];
  const connection = new Connection({ url, username, password, prefix, timings, clock, random, dial, logger, skewMs, scripts });
  const lossListeners = new Set<(event: RedisBackendEvents['loss']) => void>();
  const failed = (error: unknown, where: string) => logger.error('a call to Redis failed', { where, error: textOf(error) });
  const broker = new RedisBroker({
    connection,
    batches: {
      limits,
      logTtlMs: limits.logTtlMs,
      publishTimeoutMs: timings.publishTimeoutMs,
      nodeId: random.id(12),
      now: () => clock.monotonicMs(),
      endOfTurn: (task) => clock.setImmediate(task),
    },
    auditIntervalMs: timings.auditIntervalMs,
    failed,
    lost: (groupId, reason) => {
      for (const listener of [...lossListeners]) listener({ groupId, reason });
    },
  });
  const { downTtlMs, untouchedLeaseMs } = timings;
  const presence = new RedisPresenceStore({ connection, downTtlMs, untouchedLeaseMs, failed });
  const sessions = new RedisSessionStore(connection);
  const members = new RedisMemberStore({ connection, untouchedLeaseMs, failed });
  connection.start([broker, presence, members]);
  connection.onState((state, reason) => {
    if (state === 'up') logger.info('connected to Redis', {});
    else if (state === 'down') logger.warn('Redis cannot be reached', { reason });
  });
  return {
    parts: { broker, presence, sessions, members },
    get state() {
      return connection.state;
    },
    get reason() {
      return connection.reason;
    },
    ready: async () => connection.whenUp(),
    on(name, listener) {
      if (name === 'state') {
        const hear = listener as (event: RedisBackendEvents['state']) => void;
        return connection.onState((state, reason) => hear({ state, reason }));
      }
      const given = listener as (event: RedisBackendEvents['loss']) => void;
      const hear = (event: RedisBackendEvents['loss']) => given(event);
      lossListeners.add(hear);
      return () => lossListeners.delete(hear);
    },
    close() {
      broker.end();
      connection.close();
    },
  };
}

function filled<T extends object>(defaults: Readonly<T>, given: object = {}): T {
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const all = { ...defaults, ...named } as T;
  for (const [name, value] of Object.entries(all)) {
    if (typeof value !== 'number' || !(value > 0)) throw new RedisBackendError('UNUSABLE', `${name}: must be a number above 0`);
  }
  return all;
}

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };
