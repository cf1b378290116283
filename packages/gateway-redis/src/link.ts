import type { Clock } from 'gateway-core';
import { RedisBackendError, textOf } from './errors.js';
import type { Script } from './scripts.js';
import { type Dial, dialRedis, type Wire, type WireOptions } from './wire.js';

export interface LinkOptions extends WireOptions {
  clock: Clock;
  /** Default: the client library. */
  dial?: Dial | undefined;
}

/** Which server a connection leads to. */
export interface LinkServer {
  /** `run_id` and `master_replid`: another one after every restart and every promotion. */
  readonly incarnation: string;
  readonly version: string;
  readonly maxmemoryPolicy: string | undefined;
}

/** Replies after which a connection is of no use: the server is not, or no longer, one that takes writes. */
const FATAL = /^(READONLY|LOADING|MASTERDOWN|NOAUTH|WRONGPASS|CLUSTERDOWN|UNBLOCKED)\b/;
/** What Redis 6.2 says before the error of a command in a script; later versions begin with the error. */
const IN_SCRIPT = /^ERR Error running script \(call to \w+\): (?:@user_script: ?\d+: )+-/;
/** Channels of one SUBSCRIBE. */
const CHANNELS_MAX = 512;

/**
 * One TCP connection; when it is dead it stays dead. The client library encodes and decodes; it never reconnects, resends or queues
 * offline: what is under way when the connection dies rejects with `UNKNOWN_OUTCOME`.
 */
export class Link {
  /** When each unanswered call was made, the oldest first. */
  readonly #unanswered = new Set<{ at: number }>();
  #dead: Error | undefined;
  #unsubscribing: Promise<unknown> | undefined;
  #retiring: Error | undefined;
  #died: (error: Error) => void = () => {};
  /** Resolves when the connection is dead. */
  readonly dead: Promise<Error>;

  private constructor(
    private readonly client: Wire,
    private readonly clock: Clock,
  ) {
    this.dead = new Promise((resolve) => {
      this.#died = resolve;
    });
    client.on('error', (error: unknown) => this.destroy(error instanceof Error ? error : new Error(textOf(error))));
    client.on('end', () => this.destroy(new Error('the connection was closed')));
  }

  static async open({ clock, dial = dialRedis, ...options }: LinkOptions): Promise<Link> {
    const client = dial(options);
    const link = new Link(client, clock);
    try {
      await Promise.race([
        client.connect(),
        link.dead.then((error) => {
          throw error;
        }),
      ]);
    } catch (error) {
      link.destroy(error instanceof Error ? error : new Error(textOf(error)));
      throw error;
    }
    return link;
  }

  get isDead(): boolean {
    return this.#dead !== undefined;
  }

  /** Milliseconds that the oldest unanswered call has waited. */
  waitedMs(now: number): number {
    const [oldest] = this.#unanswered;
    return oldest === undefined ? 0 : now - oldest.at;
  }

  /** @returns the reply. Rejects with the server's error, or with `UNKNOWN_OUTCOME` where the connection dies first. */
  async send(args: readonly string[]): Promise<unknown> {
    if (this.#dead !== undefined)
      throw new RedisBackendError('UNAVAILABLE', 'the connection to Redis is lost', { cause: this.#dead });
    return this.#answer(this.client.sendCommand(args as string[]));
  }

  /** @param rest the number of keys, the keys, and the arguments. */
  async runScript({ sha, text }: Script, rest: readonly string[]): Promise<unknown> {
    try {
      return await this.send(['EVALSHA', sha, ...rest]);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      // SCRIPT FLUSH. Nothing was done; it comes after what was sent meanwhile, which failed the same way.
      return this.send(['EVAL', text, ...rest]);
    }
  }

  /** Subscribes to channels. Resolves when the server has confirmed all. */
  async subscribe(channels: readonly string[], listener: (payload: Buffer, channel: string) => void): Promise<void> {
    const hear = (payload: Buffer, channel: Buffer) => {
      if (this.#dead === undefined) listener(payload, channel.toString());
    };
    // The library takes a channel for subscribed to until its UNSUBSCRIBE is answered, and would send nothing.
    await this.#unsubscribing;
    const confirmed: Promise<unknown>[] = [];
    for (let first = 0; first < channels.length; first += CHANNELS_MAX) {
      const some = channels.slice(first, first + CHANNELS_MAX);
      confirmed.push(this.#answer(this.client.subscribe(some, hear, true)));
    }
    await Promise.all(confirmed);
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    if (this.#dead !== undefined || channels.length === 0) return;
    const answer = this.#answer(this.client.unsubscribe(channels as string[], undefined, true));
    const earlier = this.#unsubscribing;
    this.#unsubscribing = Promise.allSettled([earlier, answer]);
    await answer;
  }

  /** Dies as soon as what it was asked is answered, and after `ms` at the latest. */
  retire(reason: Error, ms: number): void {
    this.#retiring = reason;
    if (this.#unanswered.size === 0) this.destroy(reason);
    else this.clock.setTimeout(() => this.destroy(reason), ms);
  }

  destroy(reason: Error): void {
    if (this.#dead !== undefined) return;
    this.#dead = reason;
    try {
      this.client.destroy();
    } catch {
      // It was never open.
    }
    this.#died(reason);
  }

  async server(): Promise<LinkServer> {
    const [info, replication, memory] = await Promise.all(
      ['server', 'replication', 'memory'].map(async (section) => String(await this.send(['INFO', section]))),
    );
    const field = (text: string | undefined, name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text ?? '')?.[1];
    const role = field(replication, 'role');
    if (role !== 'master')
      throw new RedisBackendError('UNUSABLE', `Redis is ${role ?? 'nothing that says its role'}, and no primary`);
    return {
      incarnation: `${field(info, 'run_id') ?? ''}:${field(replication, 'master_replid') ?? ''}`,
      // Valkey says 7.2.4 in redis_version, for clients that ask.
      version: field(info, 'redis_version') ?? '0',
      maxmemoryPolicy: field(memory, 'maxmemory') === '0' ? undefined : field(memory, 'maxmemory_policy'),
    };
  }

  async #answer<T>(answer: Promise<T>): Promise<T> {
    const call = { at: this.clock.monotonicMs() };
    this.#unanswered.add(call);
    try {
      return await answer;
    } catch (thrown) {
      if (this.#dead !== undefined)
        throw new RedisBackendError('UNKNOWN_OUTCOME', 'the connection to Redis was lost', { cause: this.#dead });
      const error = asLater(thrown);
      const fatal = error instanceof Error && FATAL.test(error.message);
      if (fatal) this.destroy(error);
      // The server has refused it, so nothing was done.
      if (fatal) throw new RedisBackendError('UNAVAILABLE', error.message, { cause: error });
      throw error;
    } finally {
      this.#unanswered.delete(call);
      if (this.#retiring !== undefined && this.#unanswered.size === 0) this.destroy(this.#retiring);
    }
  }
}

/** An error as Redis says it from 7.0 on. */
function asLater(error: unknown): unknown {
  if (!(error instanceof Error) || !IN_SCRIPT.test(error.message)) return error;
  return new Error(error.message.replace(IN_SCRIPT, ''), { cause: error });
}
