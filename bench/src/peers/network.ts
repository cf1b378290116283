import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A network between one client and a server, which can go and come back. Every product's client finds the same one. */
export class Network {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isUp = true;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (near) => this.#join(near, target));
  }

  /** @param target port of the server, on the loopback interface. */
  static async to(target: number): Promise<Network> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Network(server, target);
  }

  /** Cuts what is connected, and whatever comes until it is up again. */
  goDown(): void {
    this.#isUp = false;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  comeUp(): void {
    this.#isUp = true;
  }

  close(): void {
    this.goDown();
    this.#server.close();
  }

  #join(near: Socket, target: number): void {
    // Reset by whoever goes first: there is nobody to tell.
    near.on('error', () => {});
    if (!this.#isUp) {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
    far.on('error', () => {});
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.pipe(to);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}
