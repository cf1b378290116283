import { once } from 'node:events';
import { createServer, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createGateway, type Gateway, type GatewayEvents, type GatewayOptions } from 'gateway-core';
import { expect } from 'vitest';
import { imbalancesOf } from '../../../packages/gateway-core/test/support/books.js';
import { RawClient } from './raw-client.js';
import { SocketClock } from './socket-clock.js';

/** How long a test waits for what must come; a bound for the failing case only. */
export const POLL = { interval: 2, timeout: 10_000 };

/** Group of the client that has nothing to do with the attack. */
export const BYSTANDERS = 'bystanders';

export interface RigOptions extends Omit<GatewayOptions, 'server' | 'clock'> {
  http?: ServerOptions;
}

/** A gateway on a server with real sockets, in virtual time, and a bystander that must not notice the attack. */
export class Rig {
  readonly clock = new SocketClock();
  readonly server: Server;
  readonly gateway: Gateway;
  /** The server's ends of all connections so far. */
  readonly sockets: Socket[] = [];
  /** Ends of connections, in order. */
  readonly disconnects: GatewayEvents['disconnect'][] = [];
  /** What nobody may see: uncaught errors of the process, failures inside the gateway. */
  readonly faults: unknown[] = [];
  readonly #clients: RawClient[] = [];
  #bystander: RawClient | undefined;
  readonly #fault = (error: unknown) => this.faults.push(error);

  constructor({ http = {}, ...options }: RigOptions) {
    process.on('uncaughtException', this.#fault).on('unhandledRejection', this.#fault);
    this.server = createServer(http);
    this.server.on('connection', (socket) => this.sockets.push(socket));
    this.gateway = createGateway({ ...options, server: this.server, clock: this.clock });
    this.gateway.on('disconnect', (event) => this.disconnects.push(event));
    this.gateway.on('error', this.#fault);
  }

  async start(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.#bystander = await this.identified(BYSTANDERS);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** A TCP connection on which nothing was sent. */
  async tcp(): Promise<RawClient> {
    return this.#keep(await RawClient.tcp(this.port));
  }

  /** An upgraded connection. */
  async open(headers: readonly string[] = []): Promise<RawClient> {
    return this.#keep(await RawClient.open(this.port, headers));
  }

  /** A member of a group. */
  async identified(groupId: string, headers: readonly string[] = []): Promise<RawClient> {
    const client = await this.open(headers);
    await client.identify(groupId);
    return client;
  }

  /** The bystander says something and hears it. */
  async bystanderIsServed(): Promise<void> {
    await (this.#bystander as RawClient).roundTrip();
  }

  /** Lets time pass; the bystander stays alive meanwhile. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10_000) {
      await this.bystanderIsServed();
      await this.clock.advance(Math.min(left, 10_000));
    }
  }

  /** Waits until the gateway has nobody but the bystander. */
  async onlyBystanderIsLeft(): Promise<void> {
    await expect.poll(() => this.gateway.stats(), POLL).toMatchObject({ connections: 1, closing: 0 });
  }

  /** After an attack: the process is whole, the bystander is served, and nothing of the attackers is left once its time is over. */
  async isUnharmed(): Promise<void> {
    await this.bystanderIsServed();
    expect(imbalancesOf(this.gateway)).toEqual([]);
    for (const client of this.#clients) if (client !== this.#bystander) client.reset();
    await this.onlyBystanderIsLeft();
    await this.bystanderIsServed();
    await this.#bystander?.close();
    // The longest that anything stays: logs of groups that nobody is in, `limits.logAgeMaxMs`.
    await this.clock.advance(302_000);
    expect(this.gateway.stats()).toMatchObject({ connections: 0, closing: 0, droppedMembers: 0, groups: 0, logBytes: 0 });
    await expect.poll(() => this.sockets.filter((socket) => !socket.closed).length, POLL).toBe(0);
    await this.gateway.close();
    expect(this.clock.pendingTimers).toBe(0);
  }

  async stop(): Promise<void> {
    const imbalances = imbalancesOf(this.gateway);
    for (const client of this.#clients) client.reset();
    const closed = this.gateway.close({ graceMs: 1 });
    await this.clock.advance(1);
    await closed;
    this.server.closeAllConnections();
    this.server.close();
    process.off('uncaughtException', this.#fault).off('unhandledRejection', this.#fault);
    expect(imbalances).toEqual([]);
  }

  #keep(client: RawClient): RawClient {
    this.#clients.push(client);
    return client;
  }
}

/** Runs an attack on a fresh gateway, and holds the gateway to coming out of it unharmed. */
export async function attacked(options: RigOptions, attack: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = new Rig(options);
  try {
    await rig.start();
    await attack(rig);
    await rig.isUnharmed();
  } finally {
    await rig.stop();
  }
  expect(rig.faults).toEqual([]);
}
