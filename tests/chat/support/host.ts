import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { extname, join } from 'node:path';
import { createGateway, type Gateway, type GatewayOptions } from 'gateway-core';
import { withBooks } from '../../../packages/gateway-core/test/support/books.js';

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** The page and its gateway on one port of the loopback interface, as a process that can die and be started again. */
export class Host {
  gateway!: Gateway;
  /** Texts that the gateway has put into a log, over all its lives. */
  readonly published: string[] = [];
  #server!: Server;
  #port = 0;
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly folder: string,
    private readonly options: GatewayOptions,
  ) {}

  static async start(folder: string, options: GatewayOptions = {}): Promise<Host> {
    const host = new Host(folder, options);
    await host.start();
    return host;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    this.#server = createServer(async ({ url = '/' }, response) => {
      const { pathname } = new URL(url, 'http://host');
      const file = pathname === '/' ? '/index.html' : pathname;
      if (file === '/elsewhere') return void response.end('another page');
      try {
        const body = await readFile(join(this.folder, file));
        response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream').end(body);
      } catch {
        response.writeHead(404).end();
      }
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.gateway = withBooks(createGateway({ server: this.#server, ...this.options }));
    this.gateway.on('data', ({ data }) => this.published.push((data as { text: string }).text));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Ends as a process that is killed: every connection is cut, and nothing is said. */
  async kill(): Promise<void> {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await Promise.all([this.gateway.close(), closed]);
  }
}
