import { type Client, createClient } from 'gateway-client';
import { NetworkSwitch } from './network-switch.js';

/** What one member says in a room. */
export interface Said {
  text: string;
  /** Who says it. A product has it from its `authenticate` hook, since a client can claim any name. */
  name: string;
}

/** What a member says of itself. */
export interface Typing {
  isTyping: true;
}

export const network = new NetworkSwitch();

/** A client of the gateway on the page's own origin. It connects when a `GatewayProvider` mounts it. */
export function clientOf(name: string): Client {
  return createClient({
    url: '/rt',
    metadata: { name },
    WebSocket: network.webSocket(),
    signals: network.signals,
    // For a chat, waiting is worse than one attempt more.
    backoff: { maxMs: 8_000 },
  });
}
