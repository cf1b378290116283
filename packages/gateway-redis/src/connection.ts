import type { TimerHandle } from 'gateway-core';
import type { ConnectionListener } from './connection-listener.js';
import type { ConnectionState } from './connection-state.js';
import { closed, isLost, RedisBackendError, textOf, unavailable } from './errors.js';
import { Handshake, type HandshakeOptions, type LinkPair, within } from './handshake.js';
import type { Link } from './link.js';
import { Probe } from './probe.js';
import type { Script } from './scripts.js';
import { WaitingCalls } from './waiting-calls.js';

export interface ConnectionOptions extends HandshakeOptions {
  prefix: string;
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
  #formerClient: LinkPair['client'] | undefined;
  readonly #probe: Probe;
  #attempt = 0;
  #generation = 0;
  #timer: TimerHandle;
  #retry: TimerHandle | undefined;
  readonly #waiting: WaitingCalls;
  readonly #listeners: ConnectionListener[] = [];
  readonly #watchers = new Set<(state: ConnectionState, reason: string | undefined) => void>();
  /** Probes are published to it, through the path that messages take. */
  readonly #inbox: string;
  /** 64 random bits: an epoch is named so. */
  readonly randomId = () => this.options.random.id(8);

  constructor(private readonly options: ConnectionOptions) {
    this.#inbox = this.key('inbox', this.randomId());
    this.#waiting = new WaitingCalls(options.clock);
    this.#probe = new Probe(options.clock, options.timings.probeIntervalMs, this.#inbox, (link, error) =>
      this.#lost(link, error),
    );
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
    if (this.#state === 'up' && this.#waiting.isEmpty) return undefined;
    if (this.#state === 'closed') return Promise.reject(closed());
    return this.#waiting.wait();
  }

  /**
   * Runs a script; its arguments are asked for when it is sent. Calls are sent in the order in which they are made. Rejects with `UNAVAILABLE`
   * where it was not sent, with `UNKNOWN_OUTCOME` where the connection broke after that, and with Redis' own error.
   */
  async run(script: Script, keys: readonly string[], args: () => readonly string[]): Promise<unknown[]> {
    const { clock, timings } = this.options;
    const deadline = clock.monotonicMs() + timings.publishTimeoutMs;
    for (;;) {
      const up = this.whenUp();
      if (up !== undefined) await up;
      try {
        return await this.runNow(script, keys, args());
      } catch (error) {
        const isUndone = error instanceof RedisBackendError && error.code === 'UNAVAILABLE';
        const isHarmless = script.isRead === true && isLost(error);
        if (!(isUndone || isHarmless) || clock.monotonicMs() >= deadline) throw error;
      }
    }
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
    // What was asked before is answered: a gateway that has closed says its last words so.
    for (const link of links) link?.retire(closed(), this.options.timings.commandTimeoutMs);
    this.#waiting.fail(Number.POSITIVE_INFINITY, closed);
  }

  /** As `run`, without waiting for a connection. */
  async runNow(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown[]> {
    const link = this.#commands;
    if (this.#state === 'closed') throw closed();
    if (this.#state !== 'up' || link === undefined) throw unavailable(this.#reason);
    const { skewMs } = this.options;
    const rest = [String(keys.length + 1), this.key('inc'), ...keys, this.#incarnation, String(skewMs()), ...args];
    const reply = await link.runScript(script, rest);
    if (!Array.isArray(reply)) throw new RedisBackendError('UNUSABLE', `${script.name}: an answer of another kind than expected`);
    if (reply[0] === 'STALE') {
      const error = new Error('the server is no longer what it was: restarted, promoted, restored or emptied');
      // What else it was asked is refused in the same way, and so is known not to be done.
      this.#lost(link, error, (one) => one.retire(error, this.options.timings.commandTimeoutMs));
      throw unavailable('the server is no longer what it was');
    }
    return reply;
  }

  async #connect(): Promise<void> {
    this.#retry = undefined;
    const { prefix, timings, clock, logger } = this.options;
    const shake = new Handshake(this.options, (kind) => this.key(kind), this.#formerClient);
    try {
      const pair = await within(clock, timings.commandTimeoutMs * 2, shake.open(`${prefix.replace(/[^!-~]/g, '_')}`));
      await within(clock, timings.commandTimeoutMs, this.#begin(pair));
    } catch (error) {
      shake.giveUp(error instanceof Error ? error : new Error(textOf(error)));
      if (this.#state === 'closed') return;
      if (this.#state === 'connecting' && this.#attempt === 0) logger.warn('Redis cannot be reached', { reason: textOf(error) });
      this.#become(this.#state === 'connecting' ? 'connecting' : 'down', textOf(error));
      this.#reconnect();
    }
  }

  async #begin({ commands, hearing, incarnation, client }: LinkPair): Promise<void> {
    this.#formerClient = client;
    const asked = new Set<string>();
    // While some are being subscribed to, there may come more.
    for (let channels = this.#channels(asked); channels.length > 0; channels = this.#channels(asked)) {
      await hearing.subscribe(channels, (payload, channel) => this.#hear(hearing, channel, payload));
    }
    if (commands.isDead || hearing.isDead) throw new Error('the connection was closed');
    if (this.#state === 'closed') throw closed();
    this.#incarnation = incarnation;
    this.#generation += 1;
    this.#commands = commands;
    this.#hearing = hearing;
    this.#probe.begin(commands, hearing, incarnation);
    this.#attempt = 0;
    for (const link of [commands, hearing]) void link.dead.then((error) => this.#lost(link, error));
    this.#become('up', undefined);
    for (const listener of this.#listeners) listener.up();
    this.#waiting.go();
  }

  /** Those that are to be heard and were not asked for yet. */
  #channels(asked: Set<string>): string[] {
    const all = [this.#inbox, ...this.#listeners.flatMap((listener) => [...listener.channels()])];
    const fresh = all.filter((channel) => !asked.has(channel));
    for (const channel of fresh) asked.add(channel);
    return fresh;
  }

  #hear(link: Link, channel: string, payload: Buffer): void {
    if (this.#hearing !== link && this.#hearing !== undefined) return;
    this.#probe.heard();
    if (channel === this.#inbox) return;
    for (const listener of this.#listeners) listener.heard(channel, payload);
  }

  #lost(link: Link, error: Error, end = (one: Link) => one.destroy(error)): void {
    if (link !== this.#commands && link !== this.#hearing) return;
    const links = [this.#commands, this.#hearing];
    this.#commands = undefined;
    this.#hearing = undefined;
    for (const one of links) if (one !== undefined) end(one);
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
    this.#retry = clock.setTimeout(() => void this.#connect(), longest * (0.5 + this.options.random.fraction() / 2));
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
    this.#waiting.fail(now - timings.publishTimeoutMs, () => unavailable(this.#reason));
    for (const link of [this.#commands, this.#hearing]) {
      if (link !== undefined && link.waitedMs(now) >= timings.commandTimeoutMs) {
        this.#lost(link, new Error(`no answer within commandTimeoutMs (${timings.commandTimeoutMs})`));
      }
    }
    this.#probe.sweep(now);
    for (const listener of this.#listeners) listener.sweep(now);
  }
}
