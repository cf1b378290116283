import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HostServer } from '../options.js';
import { refuse } from './handshake.js';
import { normalPath, pathOf } from './path.js';
import { answerPlain, giveBack } from './plain-request.js';
import { wrapMethod } from './wrap-method.js';

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** One gateway on a server. */
export interface Route {
  /** As `normalPath` writes it. */
  readonly path: string;
  readonly take: UpgradeListener;
  /** The server stops listening: `server.close()` was called. It then waits for its connections, those of the gateway among them. */
  readonly stopping: () => void;
}

/** Marks our listeners, those of another copy of this package too: a target that only they see is nobody's. */
const OURS = Symbol.for('gateway-core: upgrade listener');

/** What stands on each server that has gateways. */
const attachments = new WeakMap<HostServer, Attachment>();

/**
 * Takes the upgrades on a path from a server that may be shared, and leaves all others to whoever listens. Of two gateways on one path,
 * the newer one takes.
 * @returns what detaches. After the last gateway of a server, nothing of them is left on it.
 */
export function listenForUpgrades(server: HostServer, route: Route): () => void {
  const attachment = attachments.get(server) ?? new Attachment(server);
  attachments.set(server, attachment);
  attachment.add(route);
  return () => {
    if (attachment.remove(route)) attachments.delete(server);
  };
}

/**
 * One listener, and one wrapped `emit` and `close`, for all gateways of a server.
 *
 * Upgrades for a gateway are kept from other listeners: `ws` in its `{ server, path }` mode answers 400 to every path but its own, on the
 * very socket that was just upgraded. An event cannot be stopped half way, so the server's `emit` is wrapped for as long as a gateway is
 * attached. That a server stops is no event at all before its last connection has ended, so `close` is wrapped too.
 */
class Attachment {
  /** The newest first. */
  readonly #routes: Route[] = [];
  readonly #listener: UpgradeListener;
  readonly #restore: (() => void)[];

  constructor(private readonly server: HostServer) {
    // Without a listener of its own the server would not emit `upgrade` at all.
    this.#listener = Object.assign((...upgrade: Parameters<UpgradeListener>) => this.#heard(...upgrade), { [OURS]: true });
    server.on('upgrade', this.#listener);
    this.#restore = [
      wrapMethod(server, 'emit', ([event, ...args], emit) => this.#emitted(event, args) || emit()),
      wrapMethod(server, 'close', (_args, close) => {
        // A server that does not listen yet has nothing to stop, and goes on.
        if (server.listening) for (const { stopping } of [...this.#routes]) stopping();
        return close();
      }),
    ];
  }

  add(route: Route): void {
    this.#routes.unshift(route);
  }

  /** `true`: that was the last one, and the server is as it was. */
  remove(route: Route): boolean {
    const index = this.#routes.indexOf(route);
    if (index === -1) return false;
    this.#routes.splice(index, 1);
    if (this.#routes.length > 0) return false;
    this.server.off('upgrade', this.#listener);
    for (const restore of this.#restore) restore();
    return true;
  }

  /** `false`: it is no event for a gateway. */
  #emitted(event: unknown, args: unknown[]): boolean {
    if (event === 'upgrade') return this.#take(...(args as Parameters<UpgradeListener>));
    if (event !== 'request' || this.server.listenerCount('request') > 0) return false;
    // Where the host answers no requests at all, nobody else would tell a client that this is a path for WebSockets.
    const [request, response] = args as [IncomingMessage, ServerResponse];
    return this.#routeOf(request) !== undefined && answerPlain(request, response);
  }

  /** `false`: it is for none of the gateways. */
  #take(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const route = this.#routeOf(request);
    route?.take(request, socket, head);
    return route !== undefined;
  }

  #routeOf({ url }: IncomingMessage): Route | undefined {
    const path = pathOf(url);
    if (path === undefined) return undefined;
    const normal = normalPath(path);
    return this.#routes.find((route) => route.path === normal);
  }

  #heard(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // It comes here where somebody calls an `emit` that they have kept from before it was wrapped.
    if (this.#take(request, socket, head)) return;
    const listeners = this.server.listeners('upgrade') as (UpgradeListener & { [OURS]?: true })[];
    if (listeners[0] !== this.#listener || !listeners.every((other) => other[OURS])) return;
    if (giveBack(this.server, request, socket, head)) return;
    refuse(socket, { status: 404, message: 'nothing accepts WebSocket connections here' });
  }
}
