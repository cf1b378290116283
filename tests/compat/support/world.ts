import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createGateway, type Gateway, type GatewayEvents, type GatewayOptions } from 'gateway-core';
import { expect } from 'vitest';
import { imbalancesOf } from '../../../packages/gateway-core/test/support/books.js';
import { SocketClock } from '../../abuse/support/socket-clock.js';
import type { ForeignClient, Runtime } from './foreign-client.js';

/** All that the gateway may ever send in the base contract (PROTOCOL.md, "Dialects"). */
const BASE_TYPES = ['ready', 'presence_update', 'data_update', 'error'];
/** How long a scenario waits for what must come; a bound for the failing case only. */
const POLL = { interval: 5, timeout: 10_000 };

/** A gateway in virtual time, and foreign clients of one runtime. */
export class World {
  /** Ends of connections, in order. */
  readonly disconnects: GatewayEvents['disconnect'][] = [];
  readonly #clients: ForeignClient[] = [];
  readonly #sockets: Socket[] = [];

  private constructor(
    private readonly runtime: Runtime,
    private readonly server: Server,
    readonly origin: string,
    readonly clock: SocketClock,
    readonly gateway: Gateway,
  ) {
    server.on('connection', (socket) => this.#sockets.push(socket));
    gateway.on('disconnect', (event) => this.disconnects.push(event));
  }

  static async create(runtime: Runtime, optionsFor: (origin: string) => GatewayOptions = () => ({})): Promise<World> {
    // A page, so that a browser has an origin to connect from.
    const server = createServer((_request, response) =>
      response.setHeader('Content-Type', 'text/html').end('<title>page</title>'),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const clock = new SocketClock();
    return new World(runtime, server, origin, clock, createGateway({ ...optionsFor(origin), server, clock }));
  }

  /** Connects a client. */
  async open(): Promise<ForeignClient> {
    const client = await this.runtime.open(`${this.origin.replace('http', 'ws')}/rt`, this.origin);
    this.#clients.push(client);
    return client;
  }

  /** Connects a client and puts it into a group. */
  async member(groupId: string): Promise<ForeignClient> {
    return (await this.open()).identify(groupId);
  }

  /** Bytes that the server has sent on all connections. */
  bytesSent(): number {
    return this.#sockets.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
  }

  /** Waits until the gateway has heard something of its newest connection at this very moment of virtual time. */
  async heard(): Promise<void> {
    await expect.poll(() => this.gateway.connections().at(-1)?.lastSeenAt, POLL).toBe(this.clock.now());
  }

  /** Waits until the gateway has as many connections, and none that is closing. */
  async left(connections: number): Promise<void> {
    await expect.poll(() => this.gateway.stats(), POLL).toMatchObject({ connections, closing: 0 });
  }

  async stop(): Promise<void> {
    const imbalances = imbalancesOf(this.gateway);
    const closed = this.gateway.close({ graceMs: 1 });
    await this.clock.advance(1);
    await closed;
    this.server.closeAllConnections();
    this.server.close();
    expect(imbalances).toEqual([]);
    for (const { types } of this.#clients) expect([...types].filter((type) => !BASE_TYPES.includes(type))).toEqual([]);
  }
}
