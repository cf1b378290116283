import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Flow, type Weather } from './flow.js';

/**
 * How connections are lost. `cut`: both ends get a reset (TCP RST). `vanish`: neither learns of it, and everything is swallowed. `lose`: the
 * client gets a reset, the gateway learns nothing. `forget`: the gateway gets a reset, the client learns nothing.
 */
export type Loss = 'cut' | 'vanish' | 'lose' | 'forget';

/** What becomes of a new connection: it is carried on, reset, or taken and never answered. */
export type Manner = 'carry' | 'reset' | 'hang';

const GOOD_WEATHER: Readonly<Weather> = { delayMs: 0, jitterMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY, isHeld: false };

interface Route {
  client: Socket;
  gateway: Socket;
  flows: readonly [up: Flow, down: Flow];
}

/** A TCP proxy that stands for the network between one client and the gateway, and can be broken. */
export class ChaosNetwork {
  readonly #weather: Weather = { ...GOOD_WEATHER };
  manner: Manner = 'carry';
  readonly #server: Server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  readonly #routes = new Set<Route>();
  readonly #sockets = new Set<Socket>();

  /** @param port where the gateway listens now. */
  constructor(
    private readonly port: () => number,
    private readonly random: () => number,
  ) {}

  /** @returns the port on which clients connect. */
  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** @returns how many connections there were to lose. */
  lose(how: Loss): number {
    const routes = [...this.#routes];
    this.#routes.clear();
    for (const { client, gateway, flows } of routes) {
      for (const flow of flows) flow.isLost = true;
      if (how === 'cut' || how === 'lose') client.resetAndDestroy();
      if (how === 'cut' || how === 'forget') gateway.resetAndDestroy();
    }
    return routes.length;
  }

  /** The weather changes. @returns what makes it good again. */
  become(weather: Partial<Weather>): () => void {
    Object.assign(this.#weather, weather);
    return () => Object.assign(this.#weather, GOOD_WEATHER);
  }

  /** Good weather. What was lost stays so: its ends have to find out. */
  heal(): void {
    Object.assign(this.#weather, GOOD_WEATHER);
    this.manner = 'carry';
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(client: Socket): void {
    this.#track(client);
    if (this.manner === 'reset') client.resetAndDestroy();
    if (this.manner !== 'carry') return;
    const gateway = connect({ port: this.port(), host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    client.setNoDelay(true);
    this.#track(gateway);
    const flows = [
      new Flow(client, gateway, this.#weather, this.random),
      new Flow(gateway, client, this.#weather, this.random),
    ] as const;
    const route: Route = { client, gateway, flows };
    this.#routes.add(route);
    // An end that is gone takes the other with it, as the kernel of a peer that died does; unless the loss is to go unnoticed.
    client.on('close', () => this.#over(route, gateway));
    gateway.on('close', () => this.#over(route, client));
  }

  #over(route: Route, other: Socket): void {
    for (const flow of route.flows) flow.stop();
    if (this.#routes.delete(route)) other.resetAndDestroy();
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
