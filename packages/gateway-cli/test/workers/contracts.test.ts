import { MemoryBroker, MemoryMemberStore, MemoryPresenceStore, MemorySessionStore } from 'gateway-core';
import {
  brokerContract,
  FakeClock,
  memberStoreContract,
  presenceStoreContract,
  sessionStoreContract,
} from 'gateway-core/testing';
import { describe, test } from 'vitest';
import type { RemoteParts } from '../../src/workers/connect-parts.js';
import type { SharedParts } from '../../src/workers/shared-parts.js';
import { ServedParts } from './parts.js';

/** Makes a part as a worker has it, and as another one has the same. */
function harness<Name extends keyof SharedParts>(name: Name, make: () => Partial<SharedParts>) {
  let served: ServedParts;
  const connect = async (): Promise<RemoteParts[Name]> => (await served.connect()).parts[name];
  return {
    create: () => {
      served = new ServedParts({ parts: make() });
      return connect();
    },
    share: connect,
  };
}

describe('the broker of the primary, over sockets', () => {
  const claims = brokerContract({
    ...harness('broker', () => ({ broker: new MemoryBroker({ historyMessagesMax: 60, idleGroupsMax: 1 }) })),
    outgrowHistory: async (broker, groupId) => {
      for (let n = 0; n < 60; n += 1) await broker.publish(groupId, { body: `${n}` });
    },
    forgetLog: async (broker) => {
      await broker.publish('another idle group', { body: '0' });
    },
  });
  for (const { name, run } of claims) test(name, run);
});

describe('the presence store of the primary, over sockets', () => {
  let clock: FakeClock;
  const claims = presenceStoreContract({
    ...harness('presence', () => {
      clock = new FakeClock();
      return { presence: new MemoryPresenceStore({ clock }) };
    }),
    advance: (ms) => clock.advance(ms),
  });
  for (const { name, run } of claims) test(name, run);
});

describe('the session store of the primary, over sockets', () => {
  let clock: FakeClock;
  const claims = sessionStoreContract({
    ...harness('sessions', () => {
      clock = new FakeClock();
      return { sessions: new MemorySessionStore({ clock }) };
    }),
    advance: (ms) => clock.advance(ms),
  });
  for (const { name, run } of claims) test(name, run);
});

describe('the member store of the primary, over sockets', () => {
  let clock: FakeClock;
  const claims = memberStoreContract({
    ...harness('members', () => {
      clock = new FakeClock();
      return { members: new MemoryMemberStore({ clock }) };
    }),
    advance: (ms) => clock.advance(ms),
  });
  for (const { name, run } of claims) test(name, run);
});
