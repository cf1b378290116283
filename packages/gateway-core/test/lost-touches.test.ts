import { createGateway, MemoryBroker, MemoryMemberStore, MemoryPresenceStore, type PresenceStore } from 'gateway-core';
import { connectClient, FakeClock } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { setUp } from './support/set-up.js';

const LEASE_MS = 6_000;

/** Does what is asked, and the answer of it never comes for as long as `isLosing`. */
function losing<Store extends Pick<PresenceStore, 'touch'>>(
  store: Store,
  isLosing: () => boolean,
  isReached: () => boolean,
): Store {
  const touch: Store['touch'] = (...asked) => {
    if (!isReached()) return new Promise(() => {});
    const answer = store.touch(...asked);
    return isLosing() ? new Promise(() => {}) : answer;
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'touch') return touch;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Stores that gateways share; `own` is one of them as one gateway has it, whose touches alone get lost. */
function makeStores(part: 'presence' | 'members', isLosing: () => boolean, isReached = () => true) {
  const clock = new FakeClock();
  const shared = {
    presence: new MemoryPresenceStore({ clock }),
    members: new MemoryMemberStore({ clock }),
    broker: new MemoryBroker({ clock }),
  };
  return { clock, shared, own: losing<MemoryPresenceStore | MemoryMemberStore>(shared[part], isLosing, isReached) };
}

test.each(['presence', 'members'] as const)(
  'where a gateway is not told by the %s store that its lease had lapsed, what that has taken out is entered again',
  async (part) => {
    let isReached = true;
    let isLosing = false;
    const { clock, shared, own } = makeStores(
      part,
      () => isLosing,
      () => isReached,
    );
    const timings = { presenceLeaseMs: LEASE_MS, partTimeoutMs: 1_000, heartbeatTimeoutMs: 120_000, resumeTtlMs: 1_000 };
    const one = setUp({ ...shared, [part]: own, timings }, clock);
    // A gateway that is well sweeps what belongs to those that are not.
    const healthy = createGateway({ ...shared, timings, clock });
    const client = one.connect();
    const who = { type: 'identify', version: '2', payload: { clientType: 'app-client' } };
    client.send({ ...who, payload: { ...who.payload, groupId: 'g' } });
    connectClient(healthy).send(who);
    await clock.advance(1_000);
    const ready = client.received.at(1) as unknown as { payload: { memberId: string } };
    const { memberId } = ready.payload;

    isReached = false;
    await clock.advance(LEASE_MS * 2);
    isReached = true;
    // This touch is the one that is told `lapsed`.
    isLosing = true;
    await clock.advance(LEASE_MS / 3 + 1_000);
    isLosing = false;
    await clock.advance(LEASE_MS);
    expect((await one.gateway.members('g')).map((member) => member.memberId)).toEqual([memberId]);
    const held = shared.members.end(memberId, 1);
    expect(held).toBe(true);
    const closing = healthy.close();
    await clock.advance(10_000);
    await closing;
  },
);

test.each(['presence', 'members'] as const)(
  'where the %s store has lost its newest writes, and the answer that says so is lost, what was in them is entered again',
  async (part) => {
    let isLosing = false;
    const { clock, shared, own } = makeStores(part, () => isLosing);
    const timings = { presenceLeaseMs: LEASE_MS, partTimeoutMs: 1_000, heartbeatTimeoutMs: 120_000 };
    const one = setUp({ ...shared, [part]: own, timings }, clock);
    const client = one.connect();
    client.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', groupId: 'g' } });
    await clock.advance(LEASE_MS);
    const { memberId } = (client.received.at(1) as unknown as { payload: { memberId: string } }).payload;

    if (part === 'members') shared.members.end(memberId, 1);
    else shared.presence.leave('g', memberId, 1);
    isLosing = true;
    // A touch comes to the store, which answers `lapsed`; the lease runs on.
    await clock.advance(LEASE_MS / 3);
    isLosing = false;
    await clock.advance(LEASE_MS);
    expect((await one.gateway.members('g')).map((member) => member.memberId)).toEqual([memberId]);
    expect(shared.members.end(memberId, 1)).toBe(true);
  },
);
