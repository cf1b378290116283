import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** What the client has said, as far as it matters to tell connections apart. */
  said: string;
  isSwallowed: boolean;
}

/** Stands between nodes and a server, and swallows what they say where a test wants it: sockets stay open, and nothing comes. */
export class SwallowingProxy {
  readonly #pairs = new Set<Pair>();
  #swallows: ((pair: Pair) => boolean) | undefined;

  private constructor(
    private readonly listener: Server,
    public target: number,
  ) {
    listener.on('connection', (client) => this.#connected(client));
  }

  static async to(target: number): Promise<SwallowingProxy> {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new SwallowingProxy(listener, target);
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.listener.address() as { port: number }).port}`;
  }

  /** Swallows everything of connections whose name ends so, in both directions, those to come included. */
  swallow(name = ''): void {
    this.#swallows = ({ said }) => said.includes(name);
    for (const pair of this.#pairs) pair.isSwallowed ||= this.#swallows(pair);
  }

  /** Lets connections through again that are made from now on. */
  restore(): void {
    this.#swallows = undefined;
  }

  close(): void {
    this.listener.close();
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }

  #connected(client: Socket): void {
    const server = connect(this.target, '127.0.0.1');
    const pair: Pair = { client, server, said: '', isSwallowed: false };
    this.#pairs.add(pair);
    client.on('data', (data) => {
      if (pair.said.length < 4_096) pair.said += data.toString('latin1');
      if (this.#swallows?.(pair)) pair.isSwallowed = true;
      if (!pair.isSwallowed) server.write(data);
    });
    server.on('data', (data) => {
      if (!pair.isSwallowed) client.write(data);
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => {
        other.destroy();
        this.#pairs.delete(pair);
      });
    }
  }
}
