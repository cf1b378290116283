import { systemClock } from 'gateway-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Backends } from './support/backends.js';
import { Reader } from './support/reader.js';
import { NO_REDIS, TestRedis } from './support/test-redis.js';

// Without a server there is nothing to subscribe to.
describe.skipIf(NO_REDIS)('a group that was left', () => {
  let redis: TestRedis;
  let backends: Backends;
  let skewMs = 0;
  // It stands still but for what a test adds: however slow a machine is, nothing rests before.
  const clock = { ...systemClock, monotonicMs: () => skewMs };
  beforeAll(async () => {
    redis = await TestRedis.start();
    backends = new Backends(redis.url);
  });
  afterAll(async () => {
    backends?.close();
    await redis.stop();
  });
  const listeners = async (channel: string) => ((await redis.command('PUBSUB', 'NUMSUB', channel)) as [string, number])[1];

  test('is listened to no longer after a while, and is heard again by whoever comes back', async () => {
    const { broker } = backends.make({ prefix: 'rest', clock }).parts;
    for (let round = 0; round < 5; round += 1) {
      const { unsubscribe } = await broker.subscribe('g', { deliver: () => {}, reset: () => {} });
      await unsubscribe();
      expect(await listeners('{rest}:c:g')).toBe(1);
      skewMs += 2_000;
      while ((await listeners('{rest}:c:g')) > 0);
      const reader = new Reader();
      const subscription = await broker.subscribe('g', reader);
      reader.position = subscription.position;
      await broker.publish('g', { body: `"round ${round}"` });
      await reader.has(`"round ${round}"`);
      expect(await listeners('{rest}:c:g')).toBe(1);
      await subscription.unsubscribe();
      expect(reader.bodies).toEqual([`"round ${round}"`]);
    }
  });

  test('leaves nothing that stays for ever, however little was said in it', async () => {
    const { broker } = backends.make({ prefix: 'ends', clock }).parts;
    const { unsubscribe } = await broker.subscribe('g', { deliver: () => {}, reset: () => {} });
    await broker.publish('g', { body: '1', idempotencyKey: 'a' });
    await unsubscribe();
    await broker.publish('unheard', { body: '1', idempotencyKey: 'a' });
    const keys = (await redis.command('KEYS', '{ends}:*:*')) as string[];
    expect(keys.sort()).toEqual(['i2', 'lm', 'ls'].flatMap((kind) => [`{ends}:${kind}:g`, `{ends}:${kind}:unheard`]));
    for (const key of keys) expect(await redis.command('PTTL', key), key).toBeGreaterThan(0);
  });

  test('is heard by who comes back in the same moment in which it is given up, and by all who come at once', async () => {
    const { broker } = backends.make({ prefix: 'moment', clock }).parts;
    for (let round = 0; round < 30; round += 1) {
      const groupId = `g${round % 3}`;
      skewMs += 2_000;
      // Whenever the next sweep is, it is before or after some of these.
      for (let turn = 0; turn < round; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      const readers = [new Reader(), new Reader(), new Reader()];
      const subscriptions = await Promise.all(readers.map((reader) => broker.subscribe(groupId, reader)));
      for (const [index, { position }] of subscriptions.entries()) readers[index]!.position = { ...position };
      await broker.publish(groupId, { body: `"round ${round}"` });
      expect(await listeners(`{moment}:c:${groupId}`)).toBe(1);
      for (const reader of readers) {
        await reader.has(`"round ${round}"`);
        expect(reader.faults).toEqual([]);
      }
      for (const { unsubscribe } of subscriptions) await unsubscribe();
    }
  });
});
