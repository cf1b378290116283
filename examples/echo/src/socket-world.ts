import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway, type Gateway } from 'gateway-core';
import { SocketClient, type TlsOptions } from './socket-client.js';
import type { World } from './world.js';

/** A gateway of its own, on a free port of the loopback interface, with clients on real sockets. */
export async function loopbackWorld(): Promise<World> {
  const server = createServer();
  const gateway = createGateway({ server });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return new SocketWorld('a gateway on loopback', `ws://127.0.0.1:${port}${gateway.path}`, {}, gateway, async () => {
    await gateway.close({ graceMs: 0 });
    server.close();
  });
}

/** A gateway that runs already, somewhere else. */
export function remoteWorld(url: string, tls: TlsOptions): World {
  return new SocketWorld(`the gateway at ${url}`, url, tls, undefined, async () => {});
}

class SocketWorld implements World {
  readonly #clients: SocketClient[] = [];
  readonly #startedAt = performance.now();
  #look: (() => void) | undefined;

  constructor(
    readonly title: string,
    private readonly url: string,
    private readonly tls: TlsOptions,
    readonly gateway: Gateway | undefined,
    private readonly release: () => Promise<void>,
  ) {}

  connect(name: string): SocketClient {
    const client = new SocketClient(name, this.url, this.tls, () => this.#look?.());
    this.#clients.push(client);
    return client;
  }

  newId(): string {
    return randomUUID();
  }

  elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  async pass(): Promise<void> {}

  until(probe: () => boolean, timeoutMs: number, change?: Promise<unknown>): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (answer: boolean) => {
        clearTimeout(timer);
        this.#look = undefined;
        resolve(answer);
      };
      const timer = setTimeout(() => done(false), timeoutMs);
      this.#look = () => {
        if (probe()) done(true);
      };
      this.#look();
      void change?.then(() => this.#look?.());
    });
  }

  async dispose(): Promise<void> {
    for (const client of this.#clients) client.terminate();
    await this.release();
  }
}
