import { memberStoreContract, presenceStoreContract, sessionStoreContract } from 'gateway-core/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Backends } from './support/backends.js';
import { documentedUser } from './support/documented-user.js';
import { NO_REDIS, TestRedis } from './support/test-redis.js';

// Without a server there is nothing to hold to its contract.
describe.skipIf(NO_REDIS)('the stores', () => {
  let redis: TestRedis;
  let backends: Backends;
  beforeAll(async () => {
    redis = await TestRedis.start();
    backends = new Backends(redis.url, await documentedUser(redis));
  });
  afterAll(async () => {
    backends?.close();
    await redis.stop();
  });
  const advance = (ms: number) => {
    backends.skewMs += ms;
  };
  describe('presence', () => {
    const claims = presenceStoreContract({
      create: () => backends.part('presence'),
      share: (part) => backends.part('presence', backends.prefixOf(part)),
      advance,
    });
    for (const { name, run } of claims) test(name, run);
  });
  describe('sessions', () => {
    const claims = sessionStoreContract({
      create: () => backends.part('sessions'),
      share: (part) => backends.part('sessions', backends.prefixOf(part)),
      advance,
    });
    for (const { name, run } of claims) test(name, run);
  });
  describe('members', () => {
    const claims = memberStoreContract({
      create: () => backends.part('members'),
      share: (part) => backends.part('members', backends.prefixOf(part)),
      advance,
    });
    for (const { name, run } of claims) test(name, run);
  });
});
