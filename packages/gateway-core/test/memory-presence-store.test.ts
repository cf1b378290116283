import { MemoryPresenceStore, type PresenceMember } from 'gateway-core';
import { FakeClock, presenceStoreContract } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';

const clock = new FakeClock();

describe('the presence store in memory keeps the contract', () => {
  const claims = presenceStoreContract({
    create: () => new MemoryPresenceStore({ clock }),
    advance: (ms) => clock.advance(ms),
  });
  for (const { name, run } of claims) test(name, run);
});

describe('the memory of groups that are DOWN is bounded', () => {
  const member: PresenceMember = { memberId: 'a', nodeId: 'n', role: 'app-client', state: 'connected' };

  function comeAndGo(store: MemoryPresenceStore, groupId: string): void {
    store.enter(groupId, member);
    store.leave(groupId, 'a');
  }

  test('in time, by downTtlMs', async () => {
    const store = new MemoryPresenceStore({ clock, downTtlMs: 1_000 });
    comeAndGo(store, 'g');
    await clock.advance(999);
    expect(store.info('g').status).toBe('DOWN');
    await clock.advance(1);
    expect(store.info('g').status).toBe('UNKNOWN');
  });

  test('in number, by downGroupsMax: the one that is DOWN for longest is forgotten', () => {
    const store = new MemoryPresenceStore({ clock, downGroupsMax: 2 });
    for (const groupId of ['g', 'h', 'i']) comeAndGo(store, groupId);
    expect(['g', 'h', 'i'].map((groupId) => store.info(groupId).status)).toEqual(['UNKNOWN', 'DOWN', 'DOWN']);
  });

  test('a group that came back and went down again is the newest of them', () => {
    const store = new MemoryPresenceStore({ clock, downGroupsMax: 2 });
    for (const groupId of ['g', 'h', 'g', 'i']) comeAndGo(store, groupId);
    expect(['g', 'h', 'i'].map((groupId) => store.info(groupId).status)).toEqual(['DOWN', 'UNKNOWN', 'DOWN']);
  });
});
