import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planted } from '../planted/bundle.js';
import { COLLECTIONS } from '../planted/collection.js';
import { Hunt } from '../planted/hunt.js';
import type { PlantedBug } from '../planted/planted-bug.js';
import { PLANTED_BUGS, REDIS_BUGS } from '../planted/registry.js';

const ALL = [...PLANTED_BUGS, ...REDIS_BUGS];

test('there are at least 40 planted bugs, and 15 of gateway-redis, each with a name of its own', () => {
  expect(new Set(ALL.map(({ name }) => name)).size).toBe(ALL.length);
  expect(PLANTED_BUGS.length).toBeGreaterThanOrEqual(40);
  expect(REDIS_BUGS.length).toBeGreaterThanOrEqual(15);
});

// `planted` throws where it is not.
test.each(ALL)('$name: its text is in the source exactly once, and what stands there instead is TypeScript', (bug) => {
  const { warnings } = transformSync(planted(bug), { loader: 'ts' });
  expect(warnings).toEqual([]);
});

test('a text that is not in its source, or is there twice, is an error', () => {
  const bug = PLANTED_BUGS[0] as PlantedBug;
  expect(() => planted({ ...bug, find: 'no such text' })).toThrow(/0 times/);
  expect(() => planted({ ...bug, find: 'seq' })).toThrow(/\d times/);
});

/** A few of those that show soon: all of them are `pnpm sim:planted`. */
describe('within 40 seeds the simulator finds', () => {
  let folder: string;
  let hunt: Hunt;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'planted-'));
    hunt = await Hunt.begin(folder, COLLECTIONS.memory);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each([
    ['replay-drops-its-last', 'order'],
    ['ready-after-the-replay', 'strangers'],
    ['ack-before-its-turn', 'answers'],
    ['leave-not-announced', 'rosters'],
    ['client-comes-back-live', 'views'],
    ['client-backoff-in-seconds', 'converged'],
    ['flood-not-limited', 'rates'],
    ['idle-for-ever', 'end'],
    ['never-unsubscribes', 'end'],
    ['anybody-resumes', 'identity'],
  ])('%s, by %s', async (name, check) => {
    const bug = PLANTED_BUGS.find((one) => one.name === name) as PlantedBug;
    const { found } = await hunt.for(bug, { to: 40 });
    expect(found?.checks).toContain(check);
  });
});
