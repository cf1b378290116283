import { randomBytes } from 'node:crypto';
import type { Clock, Logger, TimerHandle } from 'gateway-core';
import { RedisBackendError, textOf } from './errors.js';
import { Link } from './link.js';
import { ARRIVE, type Script } from './scripts.js';

/** How the backend stands to Redis. `connecting`: it never was up. */
export type ConnectionState = 'connecting' | 'up' | 'down' | 'closed';

/** Durations of a backend, in milliseconds. */
export interface RedisTimings {
  /** Longest wait for a reply, after which the connection is given up. Also how long connecting may take. Default 3,000. */
  commandTimeoutMs: number;
  /** How long a publish, or any other call, waits for a connection before it is refused. Default 5,000. */
  publishTimeoutMs: number;
  /** A subscriber connection that was silent for this long is probed; one that stays silent as long again is given up. Default 5,000. */
  probeIntervalMs: number;
  /** How often a group in which nothing was heard is compared with its log. Default 30,000. */
  auditIntervalMs: number;
  /** Longest pause between two attempts to connect; the first is a fortieth of it. Default 2,000. */
  reconnectMaxMs: number;
  /** How often the backend looks at its deadlines. Default 250. */
  sweepIntervalMs: number;
  /** How long an empty group is remembered as DOWN. Default 300,000. */
  downTtlMs: number;
  /** The lease of a gateway that says something of a member before its first touch. Default 30,000. */
  untouchedLeaseMs: number;
}

export interface ConnectionOptions {
  url: string | (() => string | Promise<string>);
  username?: string | undefined;
  password?: string | undefined;
  prefix: string;
  timings: RedisTimings;
  clock: Clock;
  logger: Logger;
  /** Milliseconds added to the server's time, for tests of what takes minutes. */
  skewMs: () => number;
  /** Loaded when a connection begins, so that no call waits for its script behind a later one. */
  scripts: readonly Script[];
}

/** What depends on the connection. */
export interface ConnectionListener {
  /** Channels to be subscribed to before the connection counts as up. */
  channels(): Iterable<string>;
  heard(channel: string, payload: Buffer): void;
  /** Subscribed to everything again. What was published meanwhile was not heard. */
  up(): void;
  sweep(now: number): void;
}

interface Waiting {
  readonly since: number;
  go(): void;
  fail(error: Error): void;
}

/**
 * Two connections to one Redis: one for calls, one to hear on (a client that subscribes has an output buffer limit of its own). They live and
 * die together, and only while both lead to the same incarnation of the server: else one would publish here and listen there.
 */
export class Connection {
  #state: ConnectionState = 'connecting';
  #reason: string | undefined;
  #commands: Link | undefined;
  #hearing: Link | undefined;
  /** `<run_id>:<master_replid>:<term>`, which each script compares. */
  #incarnation = '';
  /** Of the command connection before this one, which may still have calls on the way. */
  #formerClient: { id: string; incarnation: string } | undefined;
  #heardAt = 0;
  #probed = false;
  #probeBackoff = 1;
  #checking = false;
  #attempt = 0;
  #generation = 0;
  #timer: TimerHandle;
  #retry: TimerHandle | undefined;
  readonly #waiting = new Set<Waiting>();
  readonly #listeners: ConnectionListener[] = [];
  readonly #watchers = new Set<(state: ConnectionState, reason: string | undefined) => void>();
  /** Probes are published to it, through the path that messages take. */
  readonly #inbox: string;

  constructor(private readonly options: ConnectionOptions) {
    this.#inbox = this.key('inbox', randomBytes(8).toString('base64url'));
    this.#timer = options.clock.setTimeout(() => this.#sweep(), options.timings.sweepIntervalMs);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Raised by each new connection: what was subscribed to on another one has ended. */
  get generation(): number {
    return this.#generation;
  }

  /** Why it is not up. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** The term of the server's incarnation: a log that crosses into another one changes its epoch. */
  get term(): string {
    return this.#incarnation.slice(this.#incarnation.lastIndexOf(':') + 1);
  }

  /** All keys have one hash tag, so they are in one slot of a cluster. */
  key(kind: string, id?: string): string {
    const { prefix } = this.options;
    return id === undefined ? `{${prefix}}:${kind}` : `{${prefix}}:${kind}:${id}`;
  }

  /** Begins to connect: once all that depends on it is there. */
  start(listeners: readonly ConnectionListener[]): void {
    this.#listeners.push(...listeners);
    void this.#connect();
  }

  onState(watcher: (state: ConnectionState, reason: string | undefined) => void): () => void {
    const entry: typeof watcher = (...state) => watcher(...state);
    this.#watchers.add(entry);
    return () => this.#watchers.delete(entry);
  }

  /** Resolves when the connection is up; rejects after `publishTimeoutMs`. Those that wait go on in the order in which they came. */
  whenUp(): Promise<void> | undefined {
    if (this.#state === 'up' && this.#waiting.size === 0) return undefined;
    if (this.#state === 'closed') return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { since: this.options.clock.monotonicMs(), go: resolve, fail: reject };
      this.#waiting.add(waiting);
    });
  }

  /**
   * Runs a script; its arguments are asked for when it is sent. Calls are sent in the order in which they are made. Rejects with `UNAVAILABLE` where it was not sent, with
   * `UNKNOWN_OUTCOME` where the connection broke after that, and with Redis' own error.
   */
  run(script: Script, keys: readonly string[], args: () => readonly string[]): Promise<unknown[]> {
    const up = this.whenUp();
    return up === undefined ? this.#run(script, keys, args()) : up.then(() => this.#run(script, keys, args()));
  }

  /** As `run`, without waiting for a connection. */
  runNow(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown[]> {
    return this.#run(script, keys, args);
  }

  /** Resolves once what is published to these channels from now on is heard. */
  async subscribe(channels: readonly string[]): Promise<void> {
    const link = this.#hearing;
    if (this.#state !== 'up' || link === undefined) throw unavailable(this.#reason);
    await link.subscribe(channels, (payload, channel) => this.#hear(link, channel, payload));
  }

  unsubscribe(channels: readonly string[]): void {
    // A connection that is lost hears nothing, and the next one does not ask for them.
    this.#hearing?.unsubscribe(channels).catch(() => {});
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.options.clock.clearTimeout(this.#timer);
    if (this.#retry !== undefined) this.options.clock.clearTimeout(this.#retry);
    const links = [this.#commands, this.#hearing];
    this.#commands = undefined;
    this.#hearing = undefined;
    this.#become('closed', undefined);
    for (const link of links) link?.destroy(closed());
    for (const { fail } of this.#waiting) fail(closed());
    this.#waiting.clear();
  }

  async #run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown[]> {
    const link = this.#commands;
    if (this.#state === 'closed') throw closed();
    if (this.#state !== 'up' || link === undefined) throw unavailable(this.#reason);
    const { skewMs } = this.options;
    const rest = [String(keys.length + 1), this.key('inc'), ...keys, this.#incarnation, String(skewMs()), ...args];
    let reply: unknown;
    try {
      reply = await link.send(['EVALSHA', script.sha, ...rest]);
    } catch (error) {
      if (!isNoScript(error)) throw error;
      // SCRIPT FLUSH. Nothing was done; it comes after what was sent meanwhile, which failed the same way.
      reply = await link.send(['EVAL', script.text, ...rest]);
    }
    if (!Array.isArray(reply)) throw new RedisBackendError('UNUSABLE', `${script.name}: an answer of another kind than expected`);
    if (reply[0] === 'STALE') {
      this.#lost(link, new Error('the server is no longer what it was: restarted, promoted, restored or emptied'));
      throw unavailable('the server is no longer what it was');
    }
    return reply;
  }

  async #connect(): Promise<void> {
    this.#retry = undefined;
    const links: Link[] = [];
    try {
      const { url, username, password, clock, timings, prefix } = this.options;
      const address = typeof url === 'function' ? await url() : url;
      const open = async (name: string) => {
        const link = await Link.open({
          url: address,
          username,
          password,
          name: `${prefix.replace(/[^!-~]/g, '_')}-${name}`,
          connectTimeoutMs: timings.commandTimeoutMs,
          clock,
        });
        links.push(link);
        return link;
      };
      await this.#within(this.#shakeHands(open), timings.commandTimeoutMs * 2);
    } catch (error) {
      for (const link of links) link.destroy(error instanceof Error ? error : new Error(textOf(error)));
      if (this.#state === 'closed') return;
      this.#become(this.#state === 'connecting' ? 'connecting' : 'down', textOf(error));
      this.#reconnect();
    }
  }

  async #shakeHands(open: (name: string) => Promise<Link>): Promise<void> {
    const [commands, hearing] = await Promise.all([open('calls'), open('hears')]);
    const [server, other] = await Promise.all([commands.server(), hearing.server()]);
    if (server.incarnation !== other.incarnation) throw new Error('two connections lead to two servers');
    if (isOlder(server.version, [6, 2])) throw new RedisBackendError('UNUSABLE', `Redis ${server.version} is older than 6.2`);
    if (server.maxmemoryPolicy !== undefined && server.maxmemoryPolicy !== 'noeviction') {
      this.options.logger.warn('Redis may evict what gateways need: set maxmemory-policy to noeviction', {
        policy: server.maxmemoryPolicy,
      });
    }
    const id = String(await commands.send(['CLIENT', 'ID']));
    await this.#endFormer(commands, server.incarnation);
    this.#formerClient = { id, incarnation: server.incarnation };
    await Promise.all(this.options.scripts.map(({ text }) => commands.send(['SCRIPT', 'LOAD', text])));
    const fresh = randomBytes(8).toString('base64url');
    const arrival = [server.incarnation, fresh, String(this.options.skewMs())];
    const keys = ['2', this.key('inc'), this.key('since')];
    const reply = (await commands.send(['EVAL', ARRIVE.text, ...keys, ...arrival])) as [string, number];
    const channels = new Set([this.#inbox]);
    for (const listener of this.#listeners) for (const channel of listener.channels()) channels.add(channel);
    await hearing.subscribe([...channels], (payload, channel) => this.#hear(hearing, channel, payload));
    if (commands.isDead || hearing.isDead) throw new Error('the connection was closed');
    if (this.#state === 'closed') throw closed();
    this.#incarnation = reply[0];
    this.#generation += 1;
    this.#commands = commands;
    this.#hearing = hearing;
    this.#heardAt = this.options.clock.monotonicMs();
    this.#probed = false;
    this.#attempt = 0;
    for (const link of [commands, hearing]) void link.dead.then((error) => this.#lost(link, error));
    // While they were being subscribed to, there may have come more.
    const missing = [...this.#listeners]
      .flatMap((listener) => [...listener.channels()])
      .filter((channel) => !channels.has(channel));
    if (missing.length > 0) await hearing.subscribe(missing, (payload, channel) => this.#hear(hearing, channel, payload));
    if (this.#commands !== commands || this.#hearing !== hearing) throw new Error('the connection was closed');
    this.#become('up', undefined);
    for (const listener of this.#listeners) listener.up();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const { go } of waiting) go();
  }

  /** Ends the connection before: what it was sent must not be carried out after what is sent now. */
  async #endFormer(link: Link, incarnation: string): Promise<void> {
    const former = this.#formerClient;
    if (former?.incarnation !== incarnation) return;
    try {
      await link.send(['CLIENT', 'KILL', 'ID', former.id]);
    } catch (error) {
      if (link.isDead) throw error;
      this.options.logger.warn('CLIENT KILL is refused: late calls of a lost connection may be carried out', {
        error: textOf(error),
      });
    }
  }

  #hear(link: Link, channel: string, payload: Buffer): void {
    if (this.#hearing !== link && this.#hearing !== undefined) return;
    this.#heardAt = this.options.clock.monotonicMs();
    this.#probed = false;
    this.#probeBackoff = 1;
    if (channel === this.#inbox) return;
    for (const listener of this.#listeners) listener.heard(channel, payload);
  }

  #lost(link: Link, error: Error): void {
    if (link !== this.#commands && link !== this.#hearing) return;
    const links = [this.#commands, this.#hearing];
    this.#commands = undefined;
    this.#hearing = undefined;
    for (const one of links) one?.destroy(error);
    if (this.#state === 'closed') return;
    const wasUp = this.#state === 'up';
    this.#become('down', textOf(error));
    // Where it was still shaking hands, that fails and sees to the next attempt.
    if (wasUp) this.#reconnect();
  }

  #reconnect(): void {
    const { clock, timings } = this.options;
    const longest = Math.min(timings.reconnectMaxMs, (timings.reconnectMaxMs / 40) * 2 ** this.#attempt);
    this.#attempt += 1;
    // Spread, so that many nodes do not come back at once.
    this.#retry = clock.setTimeout(() => void this.#connect(), longest * (0.5 + Math.random() / 2));
  }

  #become(state: ConnectionState, reason: string | undefined): void {
    this.#reason = reason;
    if (this.#state === state) return;
    this.#state = state;
    for (const watcher of [...this.#watchers]) watcher(state, reason);
  }

  #sweep(): void {
    const { clock, timings } = this.options;
    this.#timer = clock.setTimeout(() => this.#sweep(), timings.sweepIntervalMs);
    const now = clock.monotonicMs();
    for (const waiting of this.#waiting) {
      if (now - waiting.since < timings.publishTimeoutMs) break;
      this.#waiting.delete(waiting);
      waiting.fail(unavailable(this.#reason));
    }
    for (const link of [this.#commands, this.#hearing]) {
      if (link !== undefined && link.waitedMs(now) >= timings.commandTimeoutMs) {
        this.#lost(link, new Error(`no answer within commandTimeoutMs (${timings.commandTimeoutMs})`));
      }
    }
    this.#probe(now);
    for (const listener of this.#listeners) listener.sweep(now);
  }

  /** A connection may be well and lead to a server that nobody publishes to: only what comes through the path of messages proves it. */
  #probe(now: number): void {
    const commands = this.#commands;
    const hearing = this.#hearing;
    if (this.#state !== 'up' || commands === undefined || hearing === undefined) return;
    const intervalMs = this.options.timings.probeIntervalMs;
    const silentMs = now - this.#heardAt;
    if (this.#probed && silentMs >= intervalMs * (1 + this.#probeBackoff)) {
      this.#probeBackoff = Math.min(10, this.#probeBackoff * 2);
      this.#lost(hearing, new Error('nothing of what is published is heard'));
    } else if (!this.#probed && silentMs >= intervalMs) {
      this.#probed = true;
      // One that fails proves nothing.
      commands.send(['PUBLISH', this.#inbox, '']).catch(() => {
        this.#probed = false;
      });
      void this.#checkServer(commands, hearing);
    }
  }

  /** The server under an open connection may have become a replica, and a primary again. */
  async #checkServer(commands: Link, hearing: Link): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      const servers = await Promise.all([commands.server(), hearing.server()]);
      if (servers.some(({ incarnation }) => !this.#incarnation.startsWith(`${incarnation}:`))) {
        this.#lost(commands, new Error('the server is no longer what it was'));
      }
    } catch (error) {
      if (error instanceof RedisBackendError && error.code === 'UNUSABLE') this.#lost(commands, error);
    } finally {
      this.#checking = false;
    }
  }

  #within<T>(promise: Promise<T>, ms: number): Promise<T> {
    const { clock } = this.options;
    return new Promise((resolve, reject) => {
      const timer = clock.setTimeout(() => reject(new Error(`not connected within ${ms} ms`)), ms);
      promise.then(resolve, reject).finally(() => clock.clearTimeout(timer));
    });
  }
}

function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

function isOlder(version: string, than: readonly number[]): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, wanted] of than.entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
}

export function unavailable(reason: string | undefined): RedisBackendError {
  return new RedisBackendError('UNAVAILABLE', `Redis cannot be reached${reason === undefined ? '' : `: ${reason}`}`);
}

function closed(): RedisBackendError {
  return new RedisBackendError('CLOSED', 'the backend is closed');
}
