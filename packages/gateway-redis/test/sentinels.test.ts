import { afterEach, describe, expect, test } from 'vitest';
import { createRedisBackend, type RedisBackend } from '../src/index.js';
import { Backends } from './support/backends.js';
import { ALL_OF_IT, Load } from './support/load.js';
import { Reader } from './support/reader.js';
import { NO_REDIS, TestRedis } from './support/test-redis.js';
import { TestSentinels } from './support/test-sentinels.js';

const ENDS: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ENDS.splice(0).reverse()) await end();
});

test.each([
  ['no name', 'redis+sentinel://127.0.0.1:26379'],
  ['an empty name', 'redis+sentinel://127.0.0.1:26379/'],
  ['no sentinel', 'redis+sentinel:///mymaster'],
  ['a port that is none', 'redis+sentinel://127.0.0.1:port/mymaster'],
])('a URL of sentinels with %s is refused', (_, url) => {
  expect(() => createRedisBackend({ url })).toThrow(expect.objectContaining({ code: 'UNUSABLE' }));
});

// Without a server there are no sentinels.
describe.skipIf(NO_REDIS)('a primary that sentinels watch', () => {
  async function watched() {
    const primary = await TestRedis.start('--repl-diskless-sync-delay', '0');
    ENDS.push(() => primary.stop());
    const replica = await TestRedis.start('--replicaof', '127.0.0.1', String(primary.port));
    ENDS.push(() => replica.stop());
    const sentinels = await TestSentinels.start(primary.port, 3);
    ENDS.push(() => sentinels.stop());
    await sentinels.untilReady();
    const backends = new Backends(sentinels.url);
    ENDS.push(() => backends.close());
    const make = (): RedisBackend => backends.make({ prefix: 'gw', limits: ALL_OF_IT, timings: { publishTimeoutMs: 20_000 } });
    return { primary, replica, sentinels, nodes: [make(), make()] as const };
  }

  test.each(['is killed', 'is told to hand over'])('and that %s under load is followed to its successor', async (how) => {
    const { primary, replica, sentinels, nodes } = await watched();
    const readers = await Promise.all(nodes.map(({ parts }) => Reader.of(parts.broker, 'g')));
    const loads = nodes.map(({ parts }, index) => new Load(parts.broker, 'g', `n${index}`));
    ENDS.push(() => Promise.all(loads.map((load) => load.end())).then(() => {}));
    await Promise.all(loads.map((load) => load.more(50)));
    const primaries = sentinels.untilSwitched();
    if (how === 'is killed') await primary.kill();
    else await sentinels.command('SENTINEL', 'FAILOVER', 'mymaster');
    expect(await primaries).toBe(replica.port);
    // The sentinels do so themselves, ten seconds after a handover.
    if (how !== 'is killed') await primary.command('REPLICAOF', '127.0.0.1', String(replica.port));
    await Promise.all(loads.map((load) => load.more(50)));
    await Promise.all(loads.map((load) => load.end()));
    await nodes[0].parts.broker.publish('g', { body: '"last"' });
    await Promise.all(readers.map((reader) => reader.has('"last"')));
    const accepted = loads.flatMap((load) => load.accepted);
    for (const { faults, bodies, resets } of readers) {
      expect(faults).toEqual([]);
      expect(new Set(bodies).size).toBe(bodies.length);
      // A replica may lag: then whoever has seen more than it has was told, once; `epoch`, where that began in what it has not.
      expect([[], ['ahead'], ['epoch']]).toContainEqual(resets.map(({ reason }) => reason));
      if (resets.length === 0) expect(accepted.filter((body) => !bodies.includes(body))).toEqual([]);
    }
    expect(loads.flatMap(({ failures }) => failures)).toEqual([]);
    expect(String(await replica.command('INFO', 'replication'))).toContain('role:master');
  });

  test('is found though some sentinels are gone; where all are, it is said of each', async () => {
    const primary = await TestRedis.start();
    ENDS.push(() => primary.stop());
    const sentinels = await TestSentinels.start(primary.port, 1);
    ENDS.push(() => sentinels.stop());
    const [port] = sentinels.ports;
    const some = createRedisBackend({ url: `redis+sentinel://127.0.0.1:9,127.0.0.1:${port}/mymaster` });
    ENDS.push(() => some.close());
    await some.ready();
    const none = createRedisBackend({ url: `redis+sentinel://127.0.0.1:9/mymaster`, timings: { publishTimeoutMs: 200 } });
    ENDS.push(() => none.close());
    await expect(none.ready()).rejects.toMatchObject({ message: expect.stringMatching(/127\.0\.0\.1:9: .*ECONNREFUSED/) });
    const other = createRedisBackend({ url: `redis+sentinel://127.0.0.1:${port}/other`, timings: { publishTimeoutMs: 200 } });
    ENDS.push(() => other.close());
    await expect(other.ready()).rejects.toMatchObject({ message: expect.stringContaining('knows of no primary "other"') });
  });
});
