import { brokerContract } from 'gateway-core/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Backends } from './support/backends.js';
import { NO_REDIS, TestRedis } from './support/test-redis.js';

describe.skipIf(NO_REDIS)('the broker', () => {
  let redis: TestRedis;
  let backends: Backends;
  const limits = { logMessagesMax: 100 };
  beforeAll(async () => {
    redis = await TestRedis.start();
    backends = new Backends(redis.url);
  });
  afterAll(async () => {
    backends.close();
    await redis.stop();
  });
  const lose = async (broker: object, groupId: string) => {
    const keys = ['m', 'l', 'i1', 'i2', 'b'].map((kind) => `{${backends.prefixOf(broker)}}:${kind}:${groupId}`);
    await redis.command('DEL', ...keys);
  };
  const claims = brokerContract({
    create: () => backends.part('broker', undefined, { limits }),
    share: (broker) => backends.part('broker', backends.prefixOf(broker), { limits }),
    outgrowHistory: async (broker, groupId) => {
      const said = Array.from({ length: 300 }, (_, n) => broker.publish(groupId, { body: `${n}` }));
      await Promise.all(said);
    },
    forgetLog: lose,
    loseLog: lose,
  });
  for (const { name, run } of claims) test(name, run);
});
