import type { StoredMember } from 'gateway-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backendOf } from '../../../packages/gateway-redis/src/backend.js';
import { NO_REDIS, TestRedis } from '../../../packages/gateway-redis/test/support/test-redis.js';
import { Random } from '../../../packages/gateway-sim/src/random.js';
import { ComparedServers } from './compared.js';

const OPERATIONS = 400;
const ODD_ID = 'ü{}"😀\ud800';

type Parts = ReturnType<typeof backendOf>['parts'];
type Draw = (parts: Parts, random: Random) => unknown;

const group = (random: Random) => random.pick(['g0', 'g1', ODD_ID]);
const member = (random: Random) => random.pick(['m0', 'm1', 'm2', 'm3', ODD_ID]);
const node = (random: Random) => random.pick(['n0', 'n1', 'n2']);
const token = (random: Random) => random.pick(['t0', 't1', 't2']);
const generation = (random: Random) => random.integer(1, 3);
const stored = (random: Random): StoredMember => ({
  memberId: member(random),
  generation: generation(random),
  nodeId: node(random),
  tokenHash: token(random),
  usedTokenHash: random.chance(0.5) ? token(random) : undefined,
  role: 'app-client',
  user: 'user',
  groups: [],
  state: random.pick(['connected', 'dropped']),
  resumeTtlMs: random.pick([0, 5_000, 60_000]),
});

/** What gateways ask of Redis. */
const DRAWS: readonly Draw[] = [
  ({ broker }, random) => {
    const count = random.pick([1, 1, 1, 3, 12]);
    const messages = Array.from({ length: count }, () => ({
      body: JSON.stringify({ fill: 'é'.repeat(random.pick([0, 1, 100])), n: random.next() }),
      idempotencyKey: random.chance(0.4) ? `k${random.integer(0, 8)}` : undefined,
      key: random.chance(0.2) ? ODD_ID : undefined,
      fence: random.chance(0.4) ? { memberId: member(random), generation: generation(random) } : undefined,
    }));
    const groupId = group(random);
    return Promise.all(messages.map((message) => broker.publish(groupId, message)));
  },
  ({ broker }, random) => broker.subscribe(group(random), { deliver: () => {}, reset: () => {} }),
  async ({ broker }, random) => {
    const { position, unsubscribe } = await broker.subscribe(group(random), { deliver: () => {}, reset: () => {} });
    unsubscribe();
    const epoch = random.chance(0.8) ? position.epoch : 'another';
    const seq = Math.max(0, position.seq + random.integer(-30, 3));
    return broker.history(group(random), { epoch, seq }, random.pick([0, 1, 5, 100]));
  },
  ({ presence }, random) =>
    presence.enter(group(random), {
      memberId: member(random),
      nodeId: node(random),
      role: 'app-client',
      state: random.pick(['connected', 'dropped']),
      generation: random.chance(0.7) ? generation(random) : undefined,
      metadataText: random.chance(0.5) ? '{"name":"é"}' : undefined,
      stateText: random.chance(0.3) ? '[1]' : undefined,
    }),
  ({ presence }, random) => presence.leave(group(random), member(random), random.chance(0.7) ? generation(random) : undefined),
  ({ presence }, random) => presence.info(group(random)),
  ({ presence }, random) => presence.list(group(random)),
  ({ presence }, random) => presence.touch(node(random), random.pick([1_000, 15_000])),
  ({ members }, random) => members.put(stored(random)),
  ({ members }, random) => members.find(member(random), token(random), random.pick([0, 3_000])),
  ({ members }, random) =>
    members.takeOver(member(random), token(random), {
      generation: generation(random),
      nodeId: node(random),
      tokenHash: token(random),
    }),
  ({ members }, random) => members.end(member(random), generation(random)),
  ({ members }, random) => members.expire(member(random), generation(random)),
  ({ members }, random) => members.touch(node(random), random.pick([1_000, 15_000])),
  ({ sessions }, random) =>
    sessions.upsert({
      groupId: group(random),
      sessionId: random.pick(['s0', 's1', 's2', ODD_ID]),
      meta: { label: random.pick(['é', '"/\\']), tags: random.chance(0.5) ? ['a'] : undefined },
      ttlMs: random.pick([1_000, 60_000]),
      sessionsMax: random.pick([0, 2]),
    }),
  ({ sessions }, random) => sessions.touch(group(random), random.pick(['s0', 's1']), 5_000),
  ({ sessions }, random) => sessions.list(group(random)),
  ({ sessions }, random) => sessions.expire(random.pick([1, 100])),
];

// Without a server there is nothing to compare with.
describe.skipIf(NO_REDIS)('the model answers as a real server', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterAll(() => redis.stop());

  test.each(['1', '2'])('whatever gateways ask of it: seed %s', async (seed) => {
    await redis.command('FLUSHALL');
    const servers = await ComparedServers.to(redis.url);
    const random = new Random(`model ${seed}`);
    const limits = { logMessagesMax: 20, logBytesMax: 4_000, idempotencyKeysMax: 4, logTtlMs: 60_000 };
    const make = () => {
      const backend = backendOf({ url: 'redis://model', limits, timings: { publishTimeoutMs: 60_000 } }, { dial: servers.dial });
      for (const nodeId of ['n0', 'n1', 'n2']) backend.parts.members.onReplaced(nodeId, () => {});
      return backend;
    };
    const backends = [make(), make()];
    const refused: string[] = [];
    try {
      for (let drawn = 0; drawn < OPERATIONS; drawn += 1) {
        const { parts } = random.pick(backends);
        if (random.chance(0.3)) await servers.advance(random.pick([1, 400, 3_000, 20_000, 120_000]));
        if (random.chance(0.01)) await servers.both('FLUSHALL');
        if (drawn % 100 === 99) backends.push(make());
        if (drawn === 100 || random.chance(0.01)) await servers.both('SCRIPT FLUSH');
        const isFull = random.chance(0.03);
        if (isFull) await servers.both('full');
        const asked = random.pick(DRAWS)(parts, random) as Promise<unknown>;
        await Promise.resolve(asked).catch((error: unknown) => refused.push(String(error)));
        if (isFull) await servers.both('not full');
        if (drawn % 50 === 0) await servers.compareData();
      }
      await servers.compareData();
    } finally {
      for (const backend of backends) backend.close();
      servers.close();
    }
    expect(servers.differences.slice(0, 3)).toEqual([]);
    // Each script has been met, and so has what it is refused with.
    expect([...servers.compared.keys()]).toEqual(expect.arrayContaining(EVERY_SCRIPT));
    expect([...servers.errors].sort()).toEqual(['NOSCRIPT', 'OOM']);
    const isFenced = (text: string) => text.includes('another gateway has the member');
    expect(refused.some(isFenced)).toBe(true);
    expect(refused.filter((text) => !text.includes('OOM') && !isFenced(text))).toEqual([]);
  });
});

const EVERY_SCRIPT = [
  ...[
    'publish',
    'history',
    'head',
    'enter',
    'leave',
    'info',
    'list',
    'touch',
    'places',
    'bury',
    'put',
    'find',
    'take over',
    'taken',
    'end',
  ],
  ...['expire', 'touch members', 'bury members', 'upsert', 'touch session', 'list sessions', 'expire sessions', 'arrive'],
];
