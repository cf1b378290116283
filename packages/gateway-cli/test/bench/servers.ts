import { type RunningServer, type ServeOptions, serve } from 'gateway-cli';
import { type ContractServer, type ContractServerOptions, startContractServer } from './contract-server.js';

/** Servers of one test, which end with it. */
export class Servers {
  readonly #closers: (() => unknown)[] = [];

  async gateway(options: ServeOptions = {}): Promise<RunningServer> {
    const server = await serve({ port: 0, host: '127.0.0.1', ...options });
    this.add(() => server.close());
    return server;
  }

  async contract(options: ContractServerOptions = {}): Promise<ContractServer & { url: string }> {
    const server = await startContractServer(options);
    this.add(server.close);
    return { ...server, url: `ws://127.0.0.1:${server.port}/rt` };
  }

  add(close: () => unknown): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0)) await close();
  }
}
