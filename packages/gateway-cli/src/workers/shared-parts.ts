import type { MemoryBroker, MemoryMemberStore, MemoryPresenceStore, MemorySessionStore } from 'gateway-core';

/** What the gateways of several processes share, where it is. */
export interface SharedParts {
  broker: MemoryBroker;
  presence: MemoryPresenceStore;
  sessions: MemorySessionStore;
  members: MemoryMemberStore;
}
