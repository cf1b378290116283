import { Client, type ClientContext, enter, forAll, Ledger, Publisher } from 'gateway-cli/bench';
import { Bench, type Manner } from './bench.js';
import type { ServerName } from './job.js';
import { RedisProcess } from './redis-process.js';
import { ServerProcess } from './server-process.js';

/** Several servers over one Redis, or one alone without. The first core is Redis', the others are the servers' in turns. */
export class Cluster {
  private constructor(
    readonly redis: RedisProcess | undefined,
    readonly servers: readonly ServerProcess[],
    readonly bench: Bench,
    /** To each of the servers. All share one meter, and one first fault. */
    readonly contexts: readonly ClientContext[],
  ) {}

  /** @param args for each server. */
  static async start(
    name: ServerName,
    count: number,
    cores: readonly string[],
    manner: Manner = {},
    args: readonly string[] = [],
  ) {
    const redis = await RedisProcess.start(cores[0]!);
    return Cluster.#over(redis, name, count, cores, manner, [...args, '--redis', redis.url]);
  }

  /** One server of the same product that shares nothing. */
  static alone(name: ServerName, cores: readonly string[], manner: Manner = {}): Promise<Cluster> {
    return Cluster.#over(undefined, name, 1, cores, manner, []);
  }

  static async #over(
    redis: RedisProcess | undefined,
    name: ServerName,
    count: number,
    cores: readonly string[],
    manner: Manner,
    args: readonly string[],
  ): Promise<Cluster> {
    const servers: ServerProcess[] = [];
    for (let i = 0; i < count; i++) servers.push(await ServerProcess.start(name, cores[(i + 1) % cores.length]!, args));
    const bench = new Bench(name, servers[0]!, manner);
    const contexts = servers.map(({ port }) => ({ ...bench.context, target: { ...bench.context.target, port } }));
    return new Cluster(redis, servers, bench, contexts);
  }

  async stop(): Promise<void> {
    for (const server of this.servers) await server.stop();
    await this.redis?.stop();
  }
}

/** Clients in groups, each group spread over all servers that are given, and one publisher in each. */
export class Crowd {
  readonly ledgers: Ledger[] = [];
  readonly clients: Client[] = [];
  readonly #groups: { ledger: Ledger; members: Client[]; context: ClientContext }[] = [];

  constructor(
    contexts: readonly ClientContext[],
    groups: number,
    membersPerGroup: number,
    inFlightMax: number,
    { resumes = false } = {},
  ) {
    for (let g = 0; g < groups; g++) {
      const ledger = new Ledger(`g${g}`, inFlightMax);
      // A group's publisher is its first member: they are on all servers in turns.
      const contextOf = (member: number) => contexts[(g + member) % contexts.length]!;
      const members = Array.from({ length: membersPerGroup }, (_, m) => new Client(contextOf(m), [ledger], { resumes }));
      this.#groups.push({ ledger, members, context: contextOf(0) });
      this.ledgers.push(ledger);
      this.clients.push(...members);
    }
  }

  open(): Promise<void> {
    return forAll(this.clients, enter);
  }

  publishers(dataBytes: number): Publisher[] {
    return this.#groups.map(({ ledger, members, context }) => new Publisher(members[0]!, ledger, context.dialect, dataBytes));
  }

  get sent(): number {
    return this.ledgers.reduce((sum, { sent }) => sum + sent, 0);
  }

  get received(): number {
    return this.clients.reduce((sum, { receipts }) => sum + receipts.received, 0);
  }
}
