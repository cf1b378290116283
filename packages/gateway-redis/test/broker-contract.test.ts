import { brokerContract } from 'gateway-core/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Backends } from './support/backends.js';
import { documentedUser } from './support/documented-user.js';
import { memberOf } from './support/member-of.js';
import { NO_REDIS, TestRedis } from './support/test-redis.js';

// Without a server there is nothing to hold to its contract.
describe.skipIf(NO_REDIS)('the broker', () => {
  let redis: TestRedis;
  let backends: Backends;
  const limits = { logMessagesMax: 100 };
  beforeAll(async () => {
    redis = await TestRedis.start();
    backends = new Backends(redis.url, await documentedUser(redis));
  });
  afterAll(async () => {
    backends?.close();
    await redis.stop();
  });
  const lose = async (broker: object, groupId: string) => {
    const keys = ['lm', 'ls', 'i1', 'i2'].map((kind) => `{${backends.prefixOf(broker)}}:${kind}:${groupId}`);
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
    // As after a restart: the server is in another incarnation than it was seen in last.
    renewLog: async (broker) => {
      await redis.command('DEL', `{${backends.prefixOf(broker)}}:inc`);
    },
    moveMember: async (broker, memberId) => {
      const { members } = backends.make({ prefix: backends.prefixOf(broker) }).parts;
      await members.put(memberOf(memberId));
      await members.takeOver(memberId, 't1', { generation: 1, nodeId: 'node-2', tokenHash: 't2' });
    },
    rollBack: async (broker, groupId) => {
      const [inc, meta, stream] = ['inc', `lm:${groupId}`, `ls:${groupId}`].map(
        (kind) => `{${backends.prefixOf(broker)}}:${kind}`,
      );
      // Made anew: a server may refuse to set an id back that it knows to be deleted.
      const undo = `
        local s, rest = string.match(redis.call('HGET', KEYS[2], 'p'), '^(%d+) (.*)$')
        s = s - 1
        redis.call('HSET', KEYS[2], 'p', s .. ' ' .. rest)
        local kept = redis.call('XRANGE', KEYS[3], '-', s)
        redis.call('DEL', KEYS[3])
        for _, one in ipairs(kept) do redis.call('XADD', KEYS[3], one[1], unpack(one[2])) end
        redis.call('DEL', KEYS[1])`;
      await redis.command('EVAL', undo, '3', inc as string, meta as string, stream as string);
    },
  });
  for (const { name, run } of claims) test(name, run);
});
