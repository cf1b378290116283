import { MemoryMemberStore } from 'gateway-core';
import { FakeClock, memberStoreContract } from 'gateway-core/testing';
import { describe, test } from 'vitest';

describe('the memory member store keeps the contract', () => {
  const clock = new FakeClock();
  const claims = memberStoreContract({ create: () => new MemoryMemberStore({ clock }), advance: (ms) => clock.advance(ms) });
  for (const { name, run } of claims) test(name, run);
});
