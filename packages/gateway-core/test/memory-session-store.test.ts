import { MemorySessionStore } from 'gateway-core';
import { FakeClock, sessionStoreContract } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';

const clock = new FakeClock();

describe('the session store in memory keeps the contract', () => {
  const claims = sessionStoreContract({
    create: () => new MemorySessionStore({ clock }),
    advance: (ms) => clock.advance(ms),
  });
  for (const { name, run } of claims) test(name, run);
});

test('a session lives for exactly its ttlMs', async () => {
  const store = new MemorySessionStore({ clock });
  store.upsert({ groupId: 'g', sessionId: 's', meta: {}, ttlMs: 1_000, sessionsMax: 0 });
  await clock.advance(999);
  expect(store.list('g')).toHaveLength(1);
  expect(store.expire()).toEqual([]);
  await clock.advance(1);
  expect(store.list('g')).toEqual([]);
  expect(store.expire()).toHaveLength(1);
});
