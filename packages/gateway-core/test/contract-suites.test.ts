import { AssertionError } from 'node:assert';
import {
  type MemberStore,
  MemoryMemberStore,
  MemoryPresenceStore,
  MemorySessionStore,
  type PresenceStore,
  type SessionStore,
} from 'gateway-core';
import {
  type BrokerHarness,
  brokerContract,
  type ContractClaim,
  memberStoreContract,
  presenceStoreContract,
  sessionStoreContract,
} from 'gateway-core/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  asynchronous,
  BROKER_METHODS,
  MEMBER_METHODS,
  oneTurn,
  PRESENCE_METHODS,
  SESSION_METHODS,
} from './support/asynchronous.js';
import { brokenMemberStores } from './support/broken-member-stores.js';
import { brokenBrokers, brokenPresenceStores, brokenSessionStores, clock } from './support/broken-parts.js';
import { FencingBroker } from './support/fencing-broker.js';
import { ResettableBroker } from './support/resettable-broker.js';

const advance = (ms: number) => clock.advance(ms);
const presence = (create: () => PresenceStore) => presenceStoreContract({ create, advance });
const members = (create: () => MemberStore) => memberStoreContract({ create, advance });
const sessions = (create: () => SessionStore) => sessionStoreContract({ create, advance });
const outgrowHistory: BrokerHarness['outgrowHistory'] = async (broker, groupId) => {
  for (let n = 0; n < 60; n += 1) await broker.publish(groupId, { body: `${n}` });
};
const resettable: BrokerHarness = {
  create: () => new ResettableBroker(),
  forgetLog: (broker, groupId) => (broker as ResettableBroker).lose(groupId),
  loseLog: (broker, groupId) => (broker as ResettableBroker).lose(groupId),
};

const moveMember: BrokerHarness['moveMember'] = (broker, memberId) => {
  if (broker instanceof FencingBroker) broker.takenOver(memberId, 2);
};
const fencing: BrokerHarness = {
  create: () => new FencingBroker(),
  moveMember,
};

describe('a broker that fences members keeps the contract', () => {
  for (const { name, run } of brokerContract(fencing)) test(name, run);
});

describe('a store or broker that needs time for everything keeps the contract too', () => {
  const claims = [
    ...presence(() => asynchronous(new MemoryPresenceStore({ clock }), [...PRESENCE_METHODS], oneTurn)),
    ...members(() => asynchronous(new MemoryMemberStore({ clock }), [...MEMBER_METHODS], oneTurn)),
    ...sessions(() => asynchronous(new MemorySessionStore({ clock }), [...SESSION_METHODS], oneTurn)),
    ...brokerContract({ ...resettable, create: () => asynchronous(new ResettableBroker(), [...BROKER_METHODS], oneTurn) }),
  ];
  for (const { name, run } of claims) test(name, run);
});

/** Runs the one claim that has these words in its name. */
async function runClaim(claims: ContractClaim[], words: string): Promise<void> {
  const [claim, ...others] = claims.filter(({ name }) => name.includes(words));
  if (claim === undefined || others.length > 0) throw new Error(`not one claim, but ${others.length + 1} or 0: ${words}`);
  await claim.run();
}

describe('the suites catch', () => {
  test.each(brokenPresenceStores)('presence: %s', async (_fault, claim, create) => {
    await expect(runClaim(presence(create), claim)).rejects.toThrow(AssertionError);
  });
  test.each(brokenMemberStores)('members: %s', async (_fault, claim, create) => {
    await expect(runClaim(members(create), claim)).rejects.toThrow(AssertionError);
  });
  test.each(brokenSessionStores)('sessions: %s', async (_fault, claim, create) => {
    await expect(runClaim(sessions(create), claim)).rejects.toThrow(AssertionError);
  });
  test.each(brokenBrokers)('broker: %s', async (_fault, claim, create) => {
    await expect(runClaim(brokerContract({ create, outgrowHistory, moveMember }), claim)).rejects.toThrow(AssertionError);
  });
});

describe('what never comes', () => {
  afterEach(() => vi.useRealTimers());

  test('fails its claim, by name, after five seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const store = () => Object.assign(new MemoryPresenceStore(), { watch: () => () => {} });
    const failure = expect(runClaim(presence(store), 'one function that watches twice')).rejects.toThrow(
      'did not come: word of g',
    );
    await oneTurn();
    await vi.advanceTimersByTimeAsync(5_000);
    await failure;
  });
});
