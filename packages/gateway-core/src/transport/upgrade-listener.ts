import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { pathOf, refuse } from './handshake.js';
import { giveBack } from './plain-request.js';

type Server = HttpServer | HttpsServer;
type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** One gateway on a server. */
interface Route {
  readonly path: string;
  readonly take: UpgradeListener;
}

/** Marks our listeners, those of another copy of this package too: a target that only they see is nobody's. */
const OURS = Symbol.for('gateway-core: upgrade listener');

/** What stands on each server that has gateways. */
const attachments = new WeakMap<Server, Attachment>();

/**
 * Takes the upgrades on `path` from a server that may be shared, and leaves all others to whoever listens. Of two gateways on one path,
 * the newer one takes.
 * @returns what detaches. After the last gateway of a server, nothing of them is left on it.
 */
export function listenForUpgrades(server: Server, path: string, take: UpgradeListener): () => void {
  const attachment = attachments.get(server) ?? new Attachment(server);
  attachments.set(server, attachment);
  const route = { path, take };
  attachment.add(route);
  return () => {
    if (attachment.remove(route)) attachments.delete(server);
  };
}

/**
 * One listener and one wrapped `emit`, for all gateways of a server.
 *
 * Upgrades for a gateway are kept from other listeners: `ws` in its `{ server, path }` mode answers 400 to every path but its own, on the
 * very socket that was just upgraded. An event cannot be stopped half way, so the server's `emit` is wrapped for as long as a gateway is
 * attached.
 */
class Attachment {
  /** The newest first. */
  readonly #routes: Route[] = [];
  readonly #listener: UpgradeListener;
  readonly #restoreEmit: () => void;

  constructor(private readonly server: Server) {
    // Without a listener of its own the server would not emit `upgrade` at all.
    this.#listener = Object.assign((...upgrade: Parameters<UpgradeListener>) => this.#heard(...upgrade), { [OURS]: true });
    server.on('upgrade', this.#listener);
    this.#restoreEmit = wrapEmit(server, (...upgrade) => this.#take(...upgrade));
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
    this.#restoreEmit();
    return true;
  }

  /** `false`: it is for none of the gateways. */
  #take(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const path = pathOf(request.url);
    const route = this.#routes.find((one) => one.path === path);
    route?.take(request, socket, head);
    return route !== undefined;
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

/** @returns what undoes it. */
function wrapEmit(server: Server, take: (...upgrade: Parameters<UpgradeListener>) => boolean): () => void {
  const { emit } = server;
  const wasOwn = Object.hasOwn(server, 'emit');
  let wrapped = true;
  const wrapper = (event: string | symbol, ...args: unknown[]): boolean => {
    if (wrapped && event === 'upgrade' && take(...(args as Parameters<UpgradeListener>))) return true;
    return Reflect.apply(emit, server, [event, ...args]) as boolean;
  };
  server.emit = wrapper as typeof emit;
  return () => {
    wrapped = false;
    // Somebody else may have wrapped it since; then the wrapper stays and only passes on.
    if (server.emit !== wrapper) return;
    if (wasOwn) server.emit = emit;
    else delete (server as { emit?: unknown }).emit;
  };
}
