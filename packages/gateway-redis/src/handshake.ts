import type { Clock, Logger } from 'gateway-core';
import { RedisBackendError, textOf } from './errors.js';
import { Link } from './link.js';
import type { RandomSource } from './random-source.js';
import type { RedisTimings } from './redis-timings.js';
import { ARRIVE, type Script } from './scripts.js';
import type { Dial } from './wire.js';

export interface HandshakeOptions {
  url: string | (() => string | Promise<string>);
  username?: string | undefined;
  password?: string | undefined;
  timings: RedisTimings;
  clock: Clock;
  random: RandomSource;
  dial: Dial;
  logger: Logger;
  /** Milliseconds added to the server's time, for tests of what takes minutes. */
  skewMs: () => number;
  /** Loaded when a connection begins, so that no call waits for its script behind a later one. */
  scripts: readonly Script[];
}

/** Two connections to one server. */
export interface LinkPair {
  readonly commands: Link;
  readonly hearing: Link;
  /** `<run_id>:<master_replid>:<term>`, as the scripts compare it. */
  readonly incarnation: string;
  /** The command connection, as the server knows it. */
  readonly client: { readonly id: string; readonly server: string };
}

/**
 * What comes before any other call. A replica that was promoted has the incarnation of the server before it: a call would be taken there
 * for one of the same history, were it not for this.
 */
export class Handshake {
  readonly #links: Link[] = [];
  #isGivenUp: Error | undefined;

  constructor(
    private readonly options: HandshakeOptions,
    private readonly key: (kind: string) => string,
    /** The command connection before, which may still have calls on the way. */
    private readonly former: LinkPair['client'] | undefined,
  ) {}

  /** @param name of the connections, as `CLIENT LIST` shows it. */
  async open(name: string): Promise<LinkPair> {
    const { url, logger, scripts, skewMs, random } = this.options;
    const address = typeof url === 'function' ? await url() : url;
    const [commands, hearing] = await Promise.all([this.#link(address, `${name}-calls`), this.#link(address, `${name}-hears`)]);
    const [server, other] = await Promise.all([commands.server(), hearing.server()]);
    if (server.incarnation !== other.incarnation) throw new Error('two connections lead to two servers');
    if (isOlder(server.version, [6, 2])) throw new RedisBackendError('UNUSABLE', `Redis ${server.version} is older than 6.2`);
    if (server.maxmemoryPolicy !== undefined && server.maxmemoryPolicy !== 'noeviction') {
      logger.warn('Redis may evict what gateways need: set maxmemory-policy to noeviction', { policy: server.maxmemoryPolicy });
    }
    const id = String(await commands.send(['CLIENT', 'ID']));
    await this.#endFormer(commands, server.incarnation);
    await Promise.all(scripts.map(({ text }) => commands.send(['SCRIPT', 'LOAD', text])));
    const arrival = ['2', this.key('inc'), this.key('since'), server.incarnation, random.id(8), String(skewMs())];
    const [incarnation] = (await commands.send(['EVAL', ARRIVE.text, ...arrival])) as [string, number];
    return { commands, hearing, incarnation, client: { id, server: server.incarnation } };
  }

  giveUp(error: Error): void {
    this.#isGivenUp = error;
    for (const link of this.#links) link.destroy(error);
  }

  async #link(url: string, name: string): Promise<Link> {
    const { username, password, timings, clock, dial } = this.options;
    const connectTimeoutMs = timings.commandTimeoutMs;
    const link = await Link.open({ url, username, password, name, connectTimeoutMs, clock, dial });
    this.#links.push(link);
    if (this.#isGivenUp !== undefined) link.destroy(this.#isGivenUp);
    return link;
  }

  /** Ends the connection before: what it was sent must not be carried out after what is sent now. */
  async #endFormer(link: Link, server: string): Promise<void> {
    if (this.former?.server !== server) return;
    try {
      await link.send(['CLIENT', 'KILL', 'ID', this.former.id]);
    } catch (error) {
      if (link.isDead) throw error;
      const rest = { error: textOf(error) };
      this.options.logger.warn('CLIENT KILL is refused: late calls of a lost connection may be carried out', rest);
    }
  }
}

/** Rejects where it takes longer. */
export function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => reject(new Error(`not connected within ${ms} ms`)), ms);
    promise.then(resolve, reject).finally(() => clock.clearTimeout(timer));
  });
}

function isOlder(version: string, than: readonly number[]): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, wanted] of than.entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
}
