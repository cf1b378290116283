import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { pathOf, refuse } from './handshake.js';

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Listeners of gateways, on whatever server: a target that only they see is nobody's. */
const ours = new WeakSet<UpgradeListener>();

/**
 * Takes the upgrades on `path` from a server that may be shared, and leaves all others to whoever listens.
 *
 * Upgrades on `path` are kept from other listeners: `ws` in its `{ server, path }` mode answers 400 to every path but its own, on the
 * very socket that was just upgraded. An event cannot be stopped half way, so the server's `emit` is wrapped for as long as the gateway
 * is attached.
 * @returns what detaches.
 */
export function listenForUpgrades(server: HttpServer | HttpsServer, path: string, take: UpgradeListener): () => void {
  const mine = (request: IncomingMessage) => pathOf(request.url) === path;
  // Without a listener of its own the server would not emit `upgrade` at all.
  const listener: UpgradeListener = (request, socket) => {
    const listeners = server.listeners('upgrade') as UpgradeListener[];
    if (mine(request) || !listeners.every((other) => ours.has(other)) || listeners[0] !== listener) return;
    socket.on('error', () => socket.destroy());
    refuse(socket, { status: 404, message: 'nothing accepts WebSocket connections here' });
  };
  ours.add(listener);
  server.on('upgrade', listener);

  const { emit } = server;
  let attached = true;
  const wrapped = function (this: unknown, event: string | symbol, ...args: unknown[]): boolean {
    if (attached && event === 'upgrade' && mine(args[0] as IncomingMessage)) {
      take(...(args as Parameters<UpgradeListener>));
      return true;
    }
    return Reflect.apply(emit, server, [event, ...args]) as boolean;
  };
  server.emit = wrapped as typeof server.emit;
  return () => {
    attached = false;
    server.off('upgrade', listener);
    // Somebody else may have wrapped it since; then the wrapper stays and only passes on.
    if (server.emit === wrapped) server.emit = emit;
  };
}
