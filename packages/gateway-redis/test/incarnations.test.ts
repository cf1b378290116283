import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Backends } from './support/backends.js';
import { NO_REDIS, TestRedis } from './support/test-redis.js';

// Without a server there is none that could become another one.
describe.skipIf(NO_REDIS)('a server that is no longer what it was', () => {
  let redis: TestRedis;
  let backends: Backends;
  beforeAll(async () => {
    redis = await TestRedis.start();
    backends = new Backends(redis.url);
  });
  afterAll(async () => {
    backends?.close();
    await redis.stop();
  });

  test('refuses calls of before, which are all made again, once each', async () => {
    const backend = backends.make({ prefix: 'again' });
    const { presence, broker } = backend.parts;
    await backend.ready();
    await redis.command('DEL', '{again}:inc');
    const ids = Array.from({ length: 20 }, (_, n) => `m${n}`);
    const member = { nodeId: 'node-1', role: 'app-client', state: 'connected' } as const;
    const publishes = ids.map((id) => broker.publish('g', { body: `"${id}"` }));
    await Promise.all(ids.map((memberId) => presence.enter('g', { ...member, memberId })));
    expect((await presence.list('g')).map(({ memberId }) => memberId)).toEqual(ids);
    expect((await Promise.all(publishes)).map(({ seq }) => seq)).toEqual(ids.map((_, n) => n + 1));
  });

  test('holds no lease that was given before, and buries nobody before there was time to say that one is alive', async () => {
    const [one, other] = [backends.make({ prefix: 'lease' }), backends.make({ prefix: 'lease' })];
    const touch = (backend: typeof one, nodeId: string) => backend.parts.presence.touch(nodeId, 60_000);
    await touch(one, 'node-1');
    await one.parts.presence.enter('g', { memberId: 'a', nodeId: 'node-1', role: 'app-client', state: 'connected' });
    expect(await touch(one, 'node-1')).toBe('alive');
    // Away for longer than the lease, and then another one.
    backends.skewMs += 120_000;
    await redis.command('DEL', '{lease}:inc');
    await touch(other, 'node-2');
    expect(await other.parts.presence.list('g')).toHaveLength(1);
    expect(await touch(one, 'node-1')).toBe('lapsed');
    expect(await touch(one, 'node-1')).toBe('alive');
  });

  test('that was restored with leases that still run says to each gateway that its lease has lapsed', async () => {
    const one = backends.make({ prefix: 'restored' });
    await one.parts.presence.touch('node-1', 60_000);
    await one.parts.members.touch('node-1', 60_000);
    await redis.command('DEL', '{restored}:inc');
    expect(await one.parts.presence.touch('node-1', 60_000)).toBe('lapsed');
    expect(await one.parts.members.touch('node-1', 60_000)).toBe('lapsed');
  });
});
