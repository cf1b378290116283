import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MOVERS, type MovingStep, MovingWorld } from './support/moving-world.js';

/** More than the suite takes time for: `FC_RUNS=20000 npx vitest run moving-schedules`. `FC_SEED` is another one than the suite's. */
const RUNS = Number(process.env.FC_RUNS ?? 150);
const SEED = Number(process.env.FC_SEED ?? 20_261_126);

const client = fc.nat({ max: MOVERS - 1 });
const gateway = fc.nat({ max: 1 });

const step: fc.Arbitrary<MovingStep> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('connect' as const), client, gateway }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'cut', 'vanish', 'close'), client }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('speak' as const, 'speak', 'ghost', 'ghost', 'renew'), client }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('join' as const, 'leave'), client }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('publish' as const), gateway, count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 5, 10, 20, 40, 100, 300, 600, 2_900) }),
  },
);
const waits = fc.array(fc.constantFrom(0, 0, 0, 7, 30, 500, 3_500), { minLength: 1, maxLength: 8 });
const delays = fc.constantFrom(0, 5, 20);

test('wherever clients of dialect 2 go, each member is at one gateway, and nobody who comes back in time is seen to leave', async () => {
  const reached = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(waits, delays, fc.array(step, { minLength: 5, maxLength: 60 }), async (hooks, delayMs, steps) => {
      const world = new MovingWorld(hooks, delayMs);
      await world.play(steps);
      await world.check();
      await world.end();
      for (const [what, times] of world.reached) reached.set(what, (reached.get(what) ?? 0) + times);
    }),
    { numRuns: RUNS, seed: SEED },
  );
  if (process.env.FC_RUNS !== undefined) console.log(reached);
  for (const what of RUNS < 150 ? [] : ['resumed', 'new', 'moved', 'expired', 'ghost']) {
    expect(reached.get(what) ?? 0, what).toBeGreaterThan(10);
  }
});
