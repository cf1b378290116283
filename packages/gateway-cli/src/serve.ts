import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { createGateway, type Gateway, type GatewayOptions } from 'gateway-core';
import { healthListener } from './health.js';
import { createHttpServer } from './http-server.js';
import { PLAYGROUND_PATH, Playground, type PlaygroundOptions } from './playground/playground.js';

/** Health answers still on their way after a drain get this long. */
const HTTP_GRACE_MS = 1_000;
const HEALTHY: ReturnType<Gateway['health']> = { ok: true, data: { status: 'ok' } };

/** Where to listen, and the gateway's own options. */
export interface ServeOptions extends Omit<GatewayOptions, 'server'> {
  /** Default 4100; 0: any free port. */
  port?: number | undefined;
  /** Default `0.0.0.0`. */
  host?: string | undefined;
  /**
   * How long a request or a handshake may take to arrive, in milliseconds, to within a second; then it is answered 408. Against clients
   * that send it byte by byte. The answer of a request that is no handshake may take as long to be read. Default 10,000.
   */
  requestTimeoutMs?: number | undefined;
  /** `/livez` and `/readyz` are answered too: 200 while the process answers, and `/health`'s status without its text. Default `false`. */
  probes?: boolean | undefined;
  /** Why the gateway can do less than it should just now, though its clients stay; `/health` then says so, with 200. */
  degraded?: (() => string | undefined) | undefined;
  /** A page under `/playground/` that shows what the gateway does. Default: none. */
  playground?: PlaygroundOptions | undefined;
}

/** A server that listens, with its gateway. */
export interface RunningServer {
  /** Where clients connect, like `ws://127.0.0.1:4100/rt`. A server that listens on every address says loopback's. */
  url: string;
  /** Like `http://127.0.0.1:4100/health`. */
  healthUrl: string;
  /** Like `http://127.0.0.1:4100/playground/`; `undefined` where there is none. */
  playgroundUrl: string | undefined;
  /** The address that it listens on, like `0.0.0.0`; what a host name stands for. */
  address: string;
  /** The port it got. */
  port: number;
  /** For its events, `publish`, `stats` and the rest. */
  gateway: Gateway;
  /**
   * Drains the gateway, then stops listening; until then `/health` answers 503. Later calls get the same promise.
   * @param options `stopsListening`: it accepts nobody from the first moment on, for others that listen on the same port go on; of them `/health`
   * speaks then, where it was asked over a connection that came before.
   */
  close(options?: { stopsListening?: boolean | undefined }): Promise<void>;
}

/**
 * Runs a gateway on a plain `node:http` server of its own with `GET /health`.
 * @throws GatewayError (by rejection) `INVALID_OPTION`, also for a playground that would be open to everybody; or the system's error where it cannot listen, like `EADDRINUSE`.
 * @example
 * const server = await serve({ port: 0 });
 * console.log(server.url);
 * await server.close();
 */
export async function serve(options: ServeOptions = {}): Promise<RunningServer> {
  const {
    port = 4100,
    host = '0.0.0.0',
    requestTimeoutMs = 10_000,
    playground: wanted,
    probes,
    degraded,
    ...gatewayOptions
  } = options;
  const server = createHttpServer(requestTimeoutMs);
  const gateway = createGateway({ ...gatewayOptions, server });
  let isHandingOver = false;
  // The others go on: who was accepted before is told how the address is, and not how the one is that leaves it.
  const state = { path: gateway.path, health: () => (isHandingOver ? HEALTHY : gateway.health()) };
  const health = healthListener(state, { degraded, probes });
  let playground: Playground | undefined;
  server.on('request', (request, response) => {
    if (isHandingOver) response.setHeader('connection', 'close');
    if (playground?.answer(request, response) !== true) health(request, response);
  });
  try {
    server.listen(port, host);
    await once(server, 'listening');
    const { address } = server.address() as AddressInfo;
    playground = wanted && new Playground(wanted, { gateway, address, options: gatewayOptions });
  } catch (error) {
    await gateway.close();
    if (server.listening) await stop(server);
    throw error;
  }
  // After it listens, an error is one connection that could not be accepted, and no reason to end the others.
  server.on('error', (error) => options.logger?.error('a connection could not be accepted', { error }));

  const address = server.address() as AddressInfo;
  const authority = `${reachable(address.address)}:${address.port}`;
  let closed: Promise<void> | undefined;
  return {
    url: `ws://${authority}${gateway.path}`,
    healthUrl: `http://${authority}/health`,
    playgroundUrl: playground && `http://${authority}${PLAYGROUND_PATH}`,
    address: address.address,
    port: address.port,
    gateway,
    close: ({ stopsListening = false } = {}) => {
      if (closed !== undefined) return closed;
      isHandingOver = stopsListening;
      const stopped = stopsListening ? stop(server) : undefined;
      closed = gateway.close().finally(() => {
        playground?.close();
        return stopped ?? stop(server);
      });
      return closed;
    },
  };
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), HTTP_GRACE_MS);
  await closed;
  clearTimeout(cut);
}

/** An address to connect to, from the one that a server listens on. */
export function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  if (address === '::') return '[::1]';
  return isIPv6(address) ? `[${address}]` : address;
}
