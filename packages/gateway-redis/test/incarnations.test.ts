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

  test('that has lost that somebody left does not list them once their gateway has been there', async () => {
    const [one, other] = [backends.make({ prefix: 'undead' }), backends.make({ prefix: 'undead' })];
    const someone = { nodeId: 'node-1', role: 'app-client', state: 'connected' } as const;
    const { presence } = one.parts;
    await presence.touch('node-1', 60_000);
    for (const memberId of ['stays', 'left', 'moved']) await presence.enter('ü', { ...someone, memberId, generation: 1 });
    const left = (await redis.command('HGET', '{undead}:p:ü', 'left')) as string;
    const places = (await redis.command('SMEMBERS', '{undead}:pn:node-1')) as string[];
    for (const memberId of ['left', 'moved']) await presence.leave('ü', memberId, 1);
    await other.parts.presence.enter('ü', { ...someone, memberId: 'moved', nodeId: 'node-2', generation: 2 });
    await redis.command('HSET', '{undead}:p:ü', 'left', left);
    await redis.command('SADD', '{undead}:pn:node-1', ...places);
    await redis.command('DEL', '{undead}:inc');
    expect((await presence.list('ü')).map(({ memberId }) => memberId)).toContain('left');
    expect(await presence.touch('node-1', 60_000)).toBe('lapsed');
    expect((await presence.list('ü')).map(({ memberId }) => memberId).sort()).toEqual(['moved', 'stays']);
    expect(await redis.command('SMEMBERS', '{undead}:pn:node-1')).toHaveLength(1);
  });

  test('that has lost who took a member over takes the word of the gateway that did, and of no other one', async () => {
    const { members } = backends.make({ prefix: 'older' }).parts;
    const member = { memberId: 'a', nodeId: 'node-1', tokenHash: 't1', role: 'app-client', user: 'u', groups: [] } as const;
    const connected = { ...member, state: 'connected', resumeTtlMs: 60_000 } as const;
    const roll = () => redis.command('HSET', '{older}:r:a', 'g', '1', 'n', 'node-1', 't', 't1', 'u', '');
    await members.put({ ...connected, generation: 1 });
    await members.takeOver('a', 't1', { generation: 1, nodeId: 'node-2', tokenHash: 't2' });
    await roll();
    // In the same incarnation there is no such generation.
    expect(await members.put({ ...connected, nodeId: 'node-2', tokenHash: 't2', generation: 2 })).toBe(false);
    await redis.command('DEL', '{older}:inc');
    expect(await members.put({ ...connected, nodeId: 'node-2', tokenHash: 't2', generation: 2 })).toBe(true);
    expect(await members.put({ ...connected, generation: 1 })).toBe(false);
    expect(await members.find('a', 't2', 0)).toMatchObject({ generation: 2, nodeId: 'node-2' });
    await roll();
    await redis.command('DEL', '{older}:inc');
    expect(await members.expire('a', 2)).toBe('open');
    expect(await members.end('a', 2)).toBe(true);
    expect(await members.find('a', 't1', 0)).toBeUndefined();
  });
});
