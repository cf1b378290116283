import { WebSocket } from 'ws';
import { hasNginx, startNginx } from '../infra/nginx.js';
import { startNameServer } from './name-server.js';

/** How clients come to the gateways. */
export interface FrontDoor {
  readonly kind: 'nginx' | 'gateways';
  /** For people. */
  readonly description: string;
  /** A client takes one after the other. */
  readonly urls: readonly string[];
  readonly WebSocket: typeof WebSocket;
  /** Once all clients are gone. Says how many connections each gateway was given, where it knows. Later calls get the same. */
  close(): Promise<Record<string, number>>;
}

/** nginx with the shipped configuration before gateways on one port of several hosts; where there is no nginx, the gateways themselves. */
export async function frontDoor(hosts: readonly string[], port: number): Promise<FrontDoor> {
  if (!hasNginx) {
    return {
      kind: 'gateways',
      description: "nginx is not installed, so clients go to the gateways themselves; Debian's package nginx-light brings it",
      urls: hosts.map((host) => `ws://${host}:${port}/rt`),
      WebSocket,
      close: async () => ({}),
    };
  }
  const names = await startNameServer(hosts);
  const nginx = await startNginx(port, names.port).catch((error: unknown) => {
    names.close();
    throw error;
  });
  class TrustingWebSocket extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols, { ca: nginx.ca });
    }
  }
  const close = async () => {
    const { access } = await nginx.stop();
    names.close();
    return countsOf(access);
  };
  let closed: ReturnType<typeof close> | undefined;
  return {
    kind: 'nginx',
    description: 'clients go through nginx with infra/nginx/nginx.conf, over wss and ws in turn',
    urls: [`wss://localhost:${nginx.tlsPort}/rt`, `ws://localhost:${nginx.plainPort}/rt`],
    WebSocket: TrustingWebSocket as typeof WebSocket,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

/** Of upgrades that a gateway has answered: where nginx has tried several, the last one. */
function countsOf(access: readonly Record<string, string>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, upstream = '' } of access) {
    const gateway = upstream.split(', ').at(-1) as string;
    if (status === '101') counts[gateway] = (counts[gateway] ?? 0) + 1;
  }
  return counts;
}
