import type { Wire, WireOptions } from '../../../packages/gateway-redis/src/wire.js';
import type { SimProcess } from '../../../packages/gateway-sim/src/process.js';
import type { Random } from '../../../packages/gateway-sim/src/random.js';
import { fromBytes, toBytes } from '../bytes.js';
import type { Reply } from './commands.js';
import { ReplyError } from './keyspace.js';
import type { Peer, RedisServer } from './server.js';

type Listener = (payload: Buffer, channel: Buffer) => void;

/** What a connection needs to know of the world. */
export interface ConnectionWorld {
  readonly nowMs: number;
  at(atMs: number, task: () => void): unknown;
  /** The server that new connections lead to; `refuse` or `hang` where they come to nothing. */
  accepts(): RedisServer | 'refuse' | 'hang';
  /** What the network adds to each way at the moment, in milliseconds. */
  readonly slowMs: number;
}

/**
 * One TCP connection to a model of a server, with the behaviour of the client library that `Link` knows. What goes over it keeps its order, each way. It can
 * be cut, stand still, or be swallowed.
 */
export class SimConnection implements Wire, Peer {
  readonly channels = new Set<string>();
  #server: RedisServer | undefined;
  /** The client has given it up, or has learnt that it has ended. */
  #isClosed = false;
  /** The server takes nothing of it any more. */
  #isDeaf = false;
  /** Nothing of the server's arrives any more. */
  #isMute = false;
  readonly #pending = new Set<(error: Error) => void>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #told: ((error?: unknown) => void)[] = [];
  readonly #lastMs = { there: 0, back: 0 };
  /** What has arrived while the network stands still. */
  #held: (() => void)[] | undefined;

  constructor(
    private readonly world: ConnectionWorld,
    private readonly process: SimProcess,
    private readonly random: Random,
    readonly id: number,
    private readonly options: WireOptions,
  ) {}

  get isHearing(): boolean {
    return this.options.name.endsWith('-hears');
  }

  on(event: 'error' | 'end', listener: (error?: unknown) => void): void {
    if (event === 'error') this.#told.push(listener);
  }

  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      const fail = (text: string) => this.process.run(() => this.#close(new Error(text)));
      this.#travel('there', () => {
        const server = this.world.accepts();
        if (server === 'hang') {
          this.world.at(this.world.nowMs + this.options.connectTimeoutMs, () => fail('Connection timeout'));
        } else if (server === 'refuse') this.#travel('back', () => fail('connect ECONNREFUSED'));
        else {
          this.#server = server;
          server.add(this);
          this.#ask(['PING'], () => {
            this.#pending.delete(reject);
            resolve();
          });
        }
      });
    });
  }

  sendCommand(args: string[]): Promise<unknown> {
    return this.#call(args, (reply) => fromBytes(reply));
  }

  async subscribe(channels: string[], listener: Listener): Promise<void> {
    // As the library does: of those that it takes for subscribed to nothing is sent.
    const isKnown = channels.every((channel) => this.#listeners.has(channel));
    const add = () => {
      for (const channel of channels)
        this.#listeners.set(channel, (this.#listeners.get(channel) ?? new Set<Listener>()).add(listener));
    };
    if (isKnown) add();
    else await this.#call(['SUBSCRIBE', ...channels], add);
  }

  async unsubscribe(channels: string[]): Promise<void> {
    await this.#call(['UNSUBSCRIBE', ...channels], () => {
      for (const channel of channels) this.#listeners.delete(channel);
    });
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#close(new Error('Disconnects client'));
    this.#travel('there', () => this.#deafen());
  }

  push(channel: string, payload: string): void {
    this.#travel('back', () => {
      const [bytes, of] = [Buffer.from(payload, 'latin1'), Buffer.from(channel, 'latin1')];
      if (this.#isMute) return;
      this.process.run(() => {
        if (this.#isClosed) return;
        for (const listener of [...(this.#listeners.get(of.toString()) ?? [])]) listener(bytes, of);
      });
    });
  }

  killed(): void {
    this.cut(false);
  }

  /** Both ends learn of it. @param isDone what is on its way to the server is carried out, and not answered. */
  cut(isDone: boolean): void {
    if (this.#isDeaf) return;
    this.#isMute = true;
    if (isDone) {
      this.restore();
      this.world.at(this.#lastMs.there, () => this.#deafen());
    } else this.#deafen();
    const learn = () => this.process.run(() => this.#close(new Error('Socket closed unexpectedly')));
    this.world.at(this.world.nowMs + this.#latencyMs(), learn);
  }

  /** Nothing moves any more, until `restore` or for good, and neither end is told. */
  stall(): void {
    this.#held ??= [];
  }

  restore(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const task of held) task();
  }

  #call<T>(args: readonly string[], settle: (reply: Reply) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(new Error('The client is closed'));
        return;
      }
      this.#pending.add(reject);
      const command = args.map(toBytes);
      this.#travel('there', () =>
        this.#ask(command, (reply) => {
          this.#pending.delete(reject);
          if (reply instanceof ReplyError) reject(reply);
          else resolve(settle(reply));
        }),
      );
    });
  }

  /** At the server. @param settle at the client. */
  #ask(command: readonly string[], settle: (reply: Reply | ReplyError) => void): void {
    const server = this.#server;
    if (server === undefined || this.#isDeaf) return;
    const answer = (reply: Reply | ReplyError) => {
      this.#travel('back', () => {
        if (this.#isMute) return;
        this.process.run(() => {
          if (!this.#isClosed) settle(reply);
        });
      });
    };
    const [name, ...channels] = command;
    if (name !== 'SUBSCRIBE' && name !== 'UNSUBSCRIBE') {
      server.ask(this, command, answer);
      return;
    }
    server.ask(this, ['PING'], (reply) => {
      for (const channel of channels) {
        if (name === 'SUBSCRIBE') this.channels.add(channel);
        else this.channels.delete(channel);
      }
      answer(reply);
    });
  }

  #deafen(): void {
    this.#isDeaf = true;
    this.#server?.remove(this);
  }

  #close(error: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const reject of this.#pending) reject(error);
    this.#pending.clear();
    for (const listener of this.#told) listener(error);
  }

  #travel(way: 'there' | 'back', arrived: () => void): void {
    const { world } = this;
    this.#lastMs[way] = Math.max(this.#lastMs[way], world.nowMs + this.#latencyMs());
    world.at(this.#lastMs[way], () => {
      if (this.#held === undefined) arrived();
      else this.#held.push(arrived);
    });
  }

  #latencyMs(): number {
    return 0.2 + this.random.next() * 2 + this.world.slowMs;
  }
}
