import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Plan } from '../../../packages/gateway-sim/src/plan.js';
import { REDIS_FAULTS } from '../redis-plan.js';
import { simulateRedis } from '../simulate-redis.js';

const KEPT = new URL('../regressions/', import.meta.url);

test('gateways over one Redis keep what they promise, whatever becomes of it', async () => {
  const met = new Set<string>();
  for (let seed = 1; seed <= 24; seed += 1) {
    const { violations, covered } = await simulateRedis({ seed });
    expect(violations, `pnpm sim:redis --seed ${seed}`).toEqual([]);
    for (const what of covered) met.add(what);
  }
  // What a run without faults has not.
  expect([...met]).toEqual(expect.arrayContaining(['sync reset ahead', 'sync reset epoch', 'sync recovered', 'ready resumed']));
  expect(Object.keys(REDIS_FAULTS).filter((fault) => !met.has(`act backend: ${fault}`))).toEqual([]);
});

test('who was taken over, and whose gateway has not heard so, is met, and refused', async () => {
  let isMet = false;
  for (let seed = 40; seed < 120 && !isMet; seed += 1) {
    const { violations, timeline } = await simulateRedis({ seed, timeline: true });
    expect(violations, `pnpm sim:redis --seed ${seed}`).toEqual([]);
    isMet = timeline.some((line) => JSON.stringify(line).includes('refused, as of who was taken over'));
  }
  expect(isMet).toBe(true);
});

test('a seed is one run: the same happens again, byte for byte', async () => {
  const [one, other] = [await simulateRedis({ seed: 492 }), await simulateRedis({ seed: 492 })];
  expect(other.hash).toBe(one.hash);
  expect(one.steps).toBeGreaterThan(1_000);
});

test.each(readdirSync(KEPT))('found by a seed, and holds: %s', async (file) => {
  const plan = JSON.parse(readFileSync(new URL(file, KEPT), 'utf8')) as Plan;
  expect((await simulateRedis({ seed: plan.seed, plan })).violations).toEqual([]);
});
