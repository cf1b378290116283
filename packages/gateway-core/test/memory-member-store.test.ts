import { MemoryMemberStore, type StoredMember } from 'gateway-core';
import { FakeClock, memberStoreContract } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';

describe('the memory member store keeps the contract', () => {
  const clock = new FakeClock();
  const claims = memberStoreContract({ create: () => new MemoryMemberStore({ clock }), advance: (ms) => clock.advance(ms) });
  for (const { name, run } of claims) test(name, run);
});

test('a member may come back until the last millisecond of its window, or of a hold that is longer, and not in the next', async () => {
  const clock = new FakeClock();
  const store = new MemoryMemberStore({ clock });
  const member = {
    memberId: 'm',
    generation: 1,
    nodeId: 'n',
    tokenHash: 'h',
    usedTokenHash: undefined,
    role: 'app-client',
    metadataText: undefined,
    user: '',
    groups: [],
    state: 'dropped',
    resumeTtlMs: 1_000,
  } as StoredMember;
  for (const [holdMs, endsMs] of [
    [0, 1_000],
    [1, 1_000],
    [2, 1_001],
  ] as const) {
    store.put(member);
    await clock.advance(999);
    expect(store.expire('m', 1)).toBe('open');
    expect(store.find('m', 'h', holdMs)).toBeDefined();
    await clock.advance(endsMs - 1_000);
    expect(store.expire('m', 1)).toBe('open');
    await clock.advance(1);
    expect(store.find('m', 'h', 0)).toBeUndefined();
    expect(store.expire('m', 1)).toBe('expired');
  }
});
