import type { Dial } from '../../../packages/gateway-redis/src/wire.js';
import { type SimProcess, START } from '../../../packages/gateway-sim/src/process.js';
import type { Random } from '../../../packages/gateway-sim/src/random.js';
import type { Schedule } from '../../../packages/gateway-sim/src/schedule.js';
import type { LogTruth } from './log-truth.js';
import { RedisServer, type ServerOptions } from './server.js';
import { type ConnectionWorld, SimConnection } from './sim-connection.js';

/** Connections of a node. */
export type Which = 'calls' | 'hears' | 'both';

/** One address with a Redis behind it: this server or that one, or none; and everything that can go wrong with it, each for a while or at once. */
export class RedisModel implements ConnectionWorld {
  #server: RedisServer | undefined;
  readonly #connections = new Map<string, Set<SimConnection>>();
  #dialed = 0;
  #servers = 0;
  #refusal: 'refuse' | 'hang' | undefined;
  slowMs = 0;

  constructor(
    private readonly schedule: Schedule,
    private readonly random: Random,
    private readonly truth: LogTruth,
  ) {
    this.#server = new RedisServer(this.#options());
  }

  get nowMs(): number {
    return this.schedule.nowMs;
  }

  at(atMs: number, task: () => void): void {
    this.schedule.at(atMs, task);
  }

  accepts(): RedisServer | 'refuse' | 'hang' {
    return this.#refusal ?? this.#server ?? 'refuse';
  }

  /** The one that takes connections. */
  get server(): RedisServer | undefined {
    return this.#server;
  }

  /** How a node reaches it. */
  dial(node: string, process: SimProcess): Dial {
    return (options) => {
      this.#dialed += 1;
      const random = this.random.fork(`connection ${node} ${this.#dialed}`);
      const connection = new SimConnection(this, process, random, this.#dialed, options);
      this.#connections.set(node, (this.#connections.get(node) ?? new Set<SimConnection>()).add(connection));
      return connection;
    };
  }

  /** The node's process is gone. @param isSilent its machine too: nobody says so. */
  gone(node: string, isSilent: boolean): void {
    for (const connection of this.#connections.get(node) ?? []) if (!isSilent) connection.cut(true);
    this.#connections.delete(node);
  }

  /** @param isDone what is on its way is carried out, and not answered. */
  cut(node: string, which: Which, isDone: boolean): void {
    for (const connection of this.#of(node, which)) connection.cut(isDone);
  }

  /** Connections are swallowed: nothing moves, and nobody is told. */
  vanish(node: string, which: Which): void {
    for (const connection of this.#of(node, which)) connection.stall();
  }

  stall(node: string, which: Which, forMs: number): void {
    const connections = this.#of(node, which);
    for (const connection of connections) connection.stall();
    this.schedule.after(forMs, () => {
      for (const connection of connections) connection.restore();
    });
  }

  pause(forMs: number): void {
    const server = this.#server;
    server?.pause();
    this.schedule.after(forMs, () => server?.resume());
  }

  slow(forMs: number): void {
    this.slowMs = 800;
    this.schedule.after(forMs, () => {
      this.slowMs = 0;
    });
  }

  refuse(how: 'refuse' | 'hang', forMs: number): void {
    this.#refusal = how;
    this.schedule.after(forMs, () => {
      this.#refusal = undefined;
    });
  }

  /** `maxmemory` is reached. */
  fill(forMs: number): void {
    const server = this.#server;
    if (server === undefined) return;
    server.isFull = true;
    this.schedule.after(forMs, () => {
      server.isFull = false;
    });
  }

  flush(): void {
    this.#server?.flush();
  }

  flushScripts(): void {
    this.#server?.flushScripts();
  }

  /** @param loses so many of the newest changes were not on disk. */
  restart(loses: number, downMs: number, loadingMs: number): void {
    const former = this.#server;
    if (former === undefined) return;
    former.die();
    this.#server = undefined;
    this.schedule.after(downMs, () => {
      this.#server = former.successor(loses, this.#options());
      this.#server.loadingForMs = loadingMs;
    });
  }

  /**
   * A replica that lacks so many changes is the primary from now on.
   * @param formerMs how long the former one goes on for those that are connected to it; 0: it is gone.
   * @param isSaid when it is demoted its connections are cut, as Sentinel does it.
   */
  failOver(loses: number, formerMs: number, isSaid: boolean): void {
    const former = this.#server;
    if (former === undefined) return;
    const next = former.successor(loses, this.#options());
    this.#server = next;
    if (formerMs === 0) {
      former.die();
      return;
    }
    this.schedule.after(formerMs, () => {
      former.demote(next);
      if (isSaid) former.killPeers();
    });
  }

  #of(node: string, which: Which): SimConnection[] {
    const all = [...(this.#connections.get(node) ?? [])];
    return which === 'both' ? all : all.filter(({ isHearing }) => isHearing === (which === 'hears'));
  }

  #options(): ServerOptions {
    this.#servers += 1;
    const random = this.random.fork(`server ${this.#servers}`);
    const { truth } = this;
    // Another machine's clock is a little ahead, or behind.
    const aheadMs = this.#servers === 1 ? 0 : random.integer(-500, 500);
    return { random, truth, now: () => START + aheadMs + this.schedule.nowMs };
  }
}
