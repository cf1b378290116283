import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { RedisBackend } from '../src/index.js';
import { Backends } from './support/backends.js';
import { ALL_OF_IT, Load } from './support/load.js';
import { Reader } from './support/reader.js';
import { SwallowingProxy } from './support/swallowing-proxy.js';
import { NO_REDIS, TestRedis } from './support/test-redis.js';

const ENDS: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ENDS.splice(0).reverse()) await end();
});

interface World {
  redis: TestRedis;
  nodes: RedisBackend[];
  readers: Reader[];
  loads: Load[];
}

/** Three nodes, each of which publishes to one group and reads it. */
async function world(settings: string[] = [], url?: (redis: TestRedis) => Promise<string | (() => string)>): Promise<World> {
  const redis = await TestRedis.start(...settings);
  ENDS.push(() => redis.stop());
  const backends = new Backends(redis.url);
  ENDS.push(() => backends.close());
  const at = (await url?.(redis)) ?? redis.url;
  const timings = { commandTimeoutMs: 400, publishTimeoutMs: 10_000 };
  const nodes = Array.from({ length: 3 }, () => backends.make({ prefix: 'gw', url: at, timings, limits: ALL_OF_IT }));
  const readers = await Promise.all(nodes.map(({ parts }) => Reader.of(parts.broker, 'g')));
  const loads = nodes.map(({ parts }, index) => new Load(parts.broker, 'g', `n${index}`));
  ENDS.push(() => Promise.all(loads.map((load) => load.end())).then(() => {}));
  await progress(loads);
  return { redis, nodes, readers, loads };
}

async function progress(loads: Load[]): Promise<void> {
  await Promise.all(loads.map((load) => load.more(50)));
}

/** Ends the load, waits until everybody has the last message, and checks what each was given against what was accepted. */
async function settle({ nodes, readers, loads }: World, lost: 'nothing' | 'told'): Promise<void> {
  await Promise.all(loads.map((load) => load.end()));
  await nodes[0]?.parts.broker.publish('g', { body: '"last"' });
  await Promise.all(readers.map((reader) => reader.has('"last"')));
  for (const reader of readers) {
    expect(reader.faults).toEqual([]);
    // Once each: what was sent again was not appended again.
    expect(new Set(reader.bodies).size).toBe(reader.bodies.length);
    if (lost === 'nothing') expect(reader.resets).toEqual([]);
    const missing = loads.flatMap(({ accepted }) => accepted).filter((body) => !reader.bodies.includes(body));
    if (reader.resets.length === 0) expect(missing).toEqual([]);
    // What was refused with certainty is nowhere.
    expect(loads.flatMap(({ refused }) => refused).filter((body) => reader.bodies.includes(body))).toEqual([]);
  }
  if (lost === 'nothing') for (const reader of readers) expect(reader.bodies).toEqual(readers[0]?.bodies);
  expect(loads.flatMap(({ failures }) => failures)).toEqual([]);
}

const down = ({ nodes }: World) => Promise.all(nodes.map((node) => stateOf(node, 'down')));

function stateOf(node: RedisBackend, wanted: string): Promise<void> {
  if (node.state === wanted) return Promise.resolve();
  return new Promise((resolve) => {
    const off = node.on('state', ({ state }) => {
      if (state !== wanted) return;
      off();
      resolve();
    });
  });
}

/** A server has another id once it has its first replica, so an epoch may begin then, and may begin in what is lost. */
const LOST_ENDS = [['ahead'], ['epoch']];

// Without a server there are no faults of one.
describe.skipIf(NO_REDIS)('three nodes under load', () => {
  test('lose nothing, and nobody is reset, when Redis is killed that writes every command to disk', async () => {
    const all = await world(['--appendonly', 'yes', '--appendfsync', 'always']);
    for (let round = 0; round < 2; round += 1) {
      await all.redis.kill();
      await down(all);
      await all.redis.run();
      await progress(all.loads);
    }
    await settle(all, 'nothing');
    for (const { names } of all.readers) expect(names.length).toBeGreaterThan(0);
  });

  test('are told that the log is another one when Redis is killed that writes nothing to disk', async () => {
    const all = await world();
    await all.redis.kill();
    await down(all);
    await all.redis.run();
    await progress(all.loads);
    await settle(all, 'told');
    for (const { resets } of all.readers) expect(resets.map(({ reason }) => reason)).toEqual(['epoch']);
  });

  test('are told so when everything in Redis is deleted', async () => {
    const all = await world();
    await all.redis.command('FLUSHALL');
    await Promise.all(all.readers.map((reader) => reader.until(() => reader.resets.length > 0, 'a reset')));
    await progress(all.loads);
    await settle(all, 'told');
    for (const { resets } of all.readers) expect(resets.map(({ reason }) => reason)).toEqual(['epoch']);
  });

  test('lose nothing when the scripts are forgotten', async () => {
    const all = await world();
    await all.redis.command('SCRIPT', 'FLUSH');
    await progress(all.loads);
    await settle(all, 'nothing');
  });

  test.each(['pubsub', 'normal'])('lose nothing when connections of the kind %s are cut again and again', async (kind) => {
    const all = await world();
    for (let round = 0; round < 5; round += 1) {
      await all.redis.command('CLIENT', 'KILL', 'TYPE', kind, 'SKIPME', 'yes');
      await progress(all.loads);
    }
    await settle(all, 'nothing');
  });

  test('lose nothing, and nothing twice, when Redis stands still for longer than a reply may take', async () => {
    const all = await world();
    all.redis.pause();
    await down(all);
    all.redis.resume();
    await progress(all.loads);
    await settle(all, 'nothing');
  });

  test.each(['', '-calls', '-hears'])('lose nothing when the network swallows what connections say: %s', async (name) => {
    let proxy!: SwallowingProxy;
    const all = await world([], async (redis) => {
      proxy = await SwallowingProxy.to(redis.port);
      ENDS.push(() => proxy.close());
      return proxy.url;
    });
    proxy.swallow(name);
    await down(all);
    proxy.restore();
    await progress(all.loads);
    await settle(all, 'nothing');
  });

  test('are told that they are ahead when Redis comes back with an older snapshot, however much is published since', async () => {
    const all = await world();
    const [one] = all.nodes as [RedisBackend];
    await all.redis.command('SAVE');
    copyFileSync(join(all.redis.folder, 'dump.rdb'), join(all.redis.folder, 'older.rdb'));
    await progress(all.loads);
    await Promise.all(all.loads.map((load) => load.end()));
    const lost = await one.parts.broker.publish('g', { body: '"lost"' });
    await Promise.all(all.readers.map((reader) => reader.has('"lost"')));
    await all.redis.kill();
    await down(all);
    copyFileSync(join(all.redis.folder, 'older.rdb'), join(all.redis.folder, 'dump.rdb'));
    await all.redis.run();
    await Promise.all(all.readers.map((reader) => reader.until(() => reader.resets.length > 0, 'a reset')));
    for (const { resets } of all.readers) expect(resets.map(({ reason }) => reason)).toEqual(['ahead']);
    const { seq } = all.readers[0]!.position;
    expect(seq).toBeLessThan(lost.seq);
    const messages = Array.from({ length: lost.seq - seq + 50 }, (_, n) => ({ body: `"after ${n}"` }));
    await Promise.all(messages.map((message) => one.parts.broker.publish('g', message)));
    const { head, ...answer } = await one.parts.broker.history('g', lost, 10);
    expect(answer).toEqual({ lost: 'ahead' });
    expect(head.seq).toBeGreaterThan(lost.seq);
    // Who has seen no more than what was kept goes on.
    const kept = await one.parts.broker.history('g', { epoch: lost.epoch, seq }, 1);
    expect(kept.entries).toMatchObject([{ seq: seq + 1, body: '"after 0"' }]);
  });

  test('lose nothing when a replica takes over that has everything', async () => {
    let address = '';
    const all = await world(['--repl-diskless-sync-delay', '0'], async (redis) => {
      address = redis.url;
      return () => address;
    });
    const replica = await TestRedis.start('--replicaof', '127.0.0.1', String(all.redis.port));
    ENDS.push(() => replica.stop());
    await Promise.all(all.loads.map((load) => load.end()));
    await all.nodes[0]?.parts.broker.publish('g', { body: '"before"' });
    // `WAIT` is about what its own connection has written.
    const offset = async (redis: TestRedis, name: string) =>
      new RegExp(`${name}:(\\d+)`).exec(String(await redis.command('INFO', 'replication')))?.[1] ?? name;
    while ((await offset(replica, 'slave_repl_offset')) !== (await offset(all.redis, 'master_repl_offset')));
    await all.redis.kill();
    await down(all);
    await replica.command('REPLICAOF', 'NO', 'ONE');
    address = replica.url;
    await settle(all, 'nothing');
    for (const { names } of all.readers) expect(names.length).toBeGreaterThan(0);
  });

  test('are told of it when a replica takes over that lags', async () => {
    let address = '';
    const all = await world(['--repl-diskless-sync-delay', '0'], async (redis) => {
      address = redis.url;
      return () => address;
    });
    const replica = await TestRedis.start('--replicaof', '127.0.0.1', String(all.redis.port));
    ENDS.push(() => replica.stop());
    const info = async () => String(await replica.command('INFO', 'replication'));
    while (!(await info()).includes('master_link_status:up'));
    await progress(all.loads);
    // It hears of nothing from now on.
    await replica.command('REPLICAOF', 'NO', 'ONE');
    await progress(all.loads);
    await Promise.all(all.loads.map((load) => load.end()));
    await all.nodes[0]?.parts.broker.publish('g', { body: '"lost"' });
    await Promise.all(all.readers.map((reader) => reader.has('"lost"')));
    await all.redis.kill();
    await down(all);
    address = replica.url;
    await Promise.all(all.readers.map((reader) => reader.until(() => reader.resets.length > 0, 'a reset')));
    await settle(all, 'told');
    for (const { resets } of all.readers) expect(LOST_ENDS).toContainEqual(resets.map(({ reason }) => reason));
  });

  test('are told so when their primary is made the replica of one that lags, and a primary again, under load', async () => {
    const all = await world(['--repl-diskless-sync-delay', '0']);
    const lagging = await TestRedis.start('--replicaof', '127.0.0.1', String(all.redis.port), '--repl-diskless-sync-delay', '0');
    ENDS.push(() => lagging.stop());
    while (!String(await lagging.command('INFO', 'replication')).includes('master_link_status:up'));
    await progress(all.loads);
    await lagging.command('REPLICAOF', 'NO', 'ONE');
    await progress(all.loads);
    expect(await lagging.command('EXISTS', '{gw}:lm:g')).toBe(1);
    await all.redis.command('REPLICAOF', '127.0.0.1', String(lagging.port));
    while (!String(await all.redis.command('INFO', 'replication')).includes('master_link_status:up'));
    await all.redis.command('REPLICAOF', 'NO', 'ONE');
    await Promise.all(all.readers.map((reader) => reader.until(() => reader.resets.length > 0, 'a reset')));
    await settle(all, 'told');
    for (const { resets } of all.readers) expect(LOST_ENDS).toContainEqual(resets.map(({ reason }) => reason));
  });

  test('are refused what Redis has no memory for, and go on once it has', async () => {
    const all = await world(['--maxmemory-policy', 'noeviction']);
    await Promise.all(all.loads.map((load) => load.end()));
    const [{ parts }] = all.nodes as [RedisBackend];
    const before = await parts.broker.publish('g', { body: '"before"' });
    await all.redis.command('CONFIG', 'SET', 'maxmemory', '1');
    await expect(parts.broker.publish('g', { body: '"refused"' })).rejects.toThrow(/OOM/);
    expect(all.nodes.map(({ state }) => state)).toEqual(['up', 'up', 'up']);
    await all.redis.command('CONFIG', 'SET', 'maxmemory', '0');
    expect(await parts.broker.publish('g', { body: '"after"' })).toEqual({ ...before, seq: before.seq + 1 });
    await settle(all, 'nothing');
    for (const { bodies } of all.readers) expect(bodies).not.toContain('"refused"');
  });
});
