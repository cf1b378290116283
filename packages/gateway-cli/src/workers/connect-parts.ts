import type { Duplex } from 'node:stream';
import { type Broker, type Clock, type MemberStore, type PresenceStore, type SessionStore, systemClock } from 'gateway-core';
import { PrimaryLink } from './primary-link.js';
import { RemoteBroker } from './remote-broker.js';
import { RemoteMemberStore, RemotePresenceStore, RemoteSessionStore } from './remote-stores.js';

/** Options of {@link connectParts}; everything has a default. */
export interface ConnectPartsOptions {
  /** Is told once, when the socket has closed: every call fails from then on, and nothing is delivered. */
  closed?: ((error: Error | undefined) => void) | undefined;
  /** What may wait in the socket to the primary, in bytes; beyond it calls fail. Default 32 MiB. */
  waitingBytesMax?: number | undefined;
  /** Default: the machine's time. */
  clock?: Clock | undefined;
}

/** What a `PartsServer` owns, as the gateway of another process uses it: give it all to `createGateway`. */
export interface RemoteParts {
  broker: Broker;
  presence: PresenceStore;
  sessions: SessionStore;
  members: MemberStore;
}

/** Uses what a `PartsServer` owns, over a socket that it has accepted. */
export function connectParts(socket: Duplex, options: ConnectPartsOptions = {}): { parts: RemoteParts; close(): void } {
  const { clock = systemClock, waitingBytesMax = 32 * 1024 * 1024, closed = () => {} } = options;
  const link = new PrimaryLink(socket, clock, waitingBytesMax, closed);
  const broker = new RemoteBroker(link);
  const presence = new RemotePresenceStore(link);
  const members = new RemoteMemberStore(link);
  link.listen({
    entry: (topic, entry) => broker.entry(topic, entry),
    reset: (topic, position, reason) => broker.reset(topic, position, reason),
    changed: (groupIds) => presence.changed(groupIds),
    replaced: (nodeId, memberId, generation) => members.replaced(nodeId, memberId, generation),
  });
  return {
    parts: { broker, presence, sessions: new RemoteSessionStore(link), members },
    close: () => link.close(),
  };
}
