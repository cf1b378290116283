import { type MemoryWebSocket, memoryWebSocket } from 'gateway-core/testing';
import type { WireMessage } from './history.js';
import type { Caller, Network, Route } from './network.js';
import type { Surroundings } from './surroundings.js';

/** A connection of somebody's, and what carries it. */
export interface Connection extends Route {
  readonly socket: MemoryWebSocket;
}

/** What somebody wants to know of their connection. */
export interface Watcher {
  received?(message: WireMessage): void;
  closed?(): void;
}

/** Opens a connection; whatever goes over it is noted, for as long as the process at the client's end lives. */
export function connect(world: Surroundings, network: Network, caller: Caller, life: string, watcher: Watcher = {}): Connection {
  const { name: who, process } = caller;
  const route = network.dial(caller);
  const about = { who, life, connection: route.name } as const;
  if (process.isPaused) route.link.holdClient();
  const Socket = memoryWebSocket(
    () => {
      const { gateway, name } = route.gateway;
      if (gateway === undefined) throw new Error('the gateway is down');
      world.note({ kind: 'open', ...about, gateway: name });
      return gateway;
    },
    { link: () => route.link, handshake: () => route.handshake },
  );
  const socket = new Socket('ws://gateway/rt');
  tap(socket, {
    sent: (message, text) => world.note({ kind: 'sent', ...about, message }, text),
    received: (message, text) => {
      if (process.isDead) return;
      watcher.received?.(message);
      world.note({ kind: 'received', ...about, message }, text);
    },
    closed: (code) => {
      watcher.closed?.();
      if (!process.isDead) world.note({ kind: 'closed', ...about, code });
    },
  });
  return { ...route, socket };
}

/** Listens to what goes over a socket, in the step in which it does. */
function tap(
  socket: MemoryWebSocket,
  to: {
    sent(message: WireMessage, text: string): void;
    received(message: WireMessage, text: string): void;
    closed(code: number): void;
  },
): void {
  const send = socket.send.bind(socket);
  socket.send = (text) => {
    const message = messageIn(text);
    if (message !== undefined) to.sent(message, text);
    send(text);
  };
  intercept(socket, 'onmessage', ({ data }) => to.received(JSON.parse(data) as WireMessage, data));
  intercept(socket, 'onclose', ({ code }) => to.closed(code));
}

/** What a text says, where it is JSON of an object: not all who send are honest. */
function messageIn(text: string): WireMessage | undefined {
  try {
    const message = JSON.parse(text) as unknown;
    return typeof message === 'object' && message !== null ? (message as WireMessage) : undefined;
  } catch {
    return undefined;
  }
}

/** Is called before the listener that somebody sets. */
function intercept<Name extends 'onmessage' | 'onclose'>(
  socket: MemoryWebSocket,
  name: Name,
  before: (event: Parameters<NonNullable<MemoryWebSocket[Name]>>[0]) => void,
): void {
  type Event = Parameters<NonNullable<MemoryWebSocket[Name]>>[0];
  let listener: ((event: Event) => void) | null = null;
  Object.defineProperty(socket, name, {
    get: () => (event: Event) => {
      before(event);
      listener?.(event);
    },
    set: (set: typeof listener) => {
      listener = set;
    },
  });
}
