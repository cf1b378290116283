import fc from 'fast-check';
import type { GatewayOptions } from 'gateway-core';
import { expect, test } from 'vitest';
import { Dialect2World, GROUPS, type Step, USERS } from './support/dialect-2-world.js';

/** More than the suite takes time for: `FC_RUNS=20000 npx vitest run dialect-2-schedules`. `FC_SEED` is another one than the suite's. */
const RUNS = Number(process.env.FC_RUNS ?? 600);
const SEED = Number(process.env.FC_SEED ?? 20_260_101);

const client = fc.nat({ max: USERS + 2 });
const group = fc.constantFrom(...GROUPS);
const wire = fc.option(
  fc.record({ bytesPerSecond: fc.constantFrom(1_000, 4_000, 50_000), latencyMs: fc.constantFrom(0, 1, 40, 300) }),
  { nil: undefined, freq: 2 },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant('say' as const), client, group, size: fc.integer({ min: 1, max: 300 }) }),
  },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('publish' as const), group, count: fc.integer({ min: 1, max: 16 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('join' as const), client, group, tail: fc.nat({ max: 5 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('reconnect' as const), client, wire }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('reconnectWithOld' as const, 'reconnectWithOld', 'twin'), client, wire }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('steal' as const), client, victim: client }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'cut', 'goAway', 'close', 'vanish'), client }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('stopReading' as const, 'startReading'), client }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('ghost' as const, 'renew'), client }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), client, group }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('remove' as const, 'hostJoin'), client, group }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('revoke' as const, 'disconnect'), client }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('lag' as const),
      client,
      count: fc.integer({ min: 2, max: 30 }),
      comesBack: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('lastMoment' as const), client }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forbid' as const), group }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 1_500 }) }) },
);

/** Everything is small, so that everything happens. */
const options: fc.Arbitrary<GatewayOptions> = fc
  .record({
    logMessagesMax: fc.constantFrom(8, 12, 40, 1_024),
    socketHighWaterMarkBytes: fc.constantFrom(400, 1_500, 20_000),
    // Of 8 KiB a write.
    replayBytesPerSecondMax: fc.constantFrom(0, 0, 500_000, 1_000_000),
  })
  .map((limits) => ({
    limits: { ...limits, messagesPerSecondMax: 0, bytesPerSecondMax: 0, errorsPerSecondMax: 0 },
    timings: { heartbeatIntervalMs: 2_000, heartbeatTimeoutMs: 5_000, slowConsumerTimeoutMs: 4_000, closeTimeoutMs: 1_000 },
  }));

/** What the hooks take: at times longer than the resume window. */
const waits = fc.array(fc.constantFrom(0, 0, 0, 1, 30, 500, 3_500), { minLength: 1, maxLength: 12 });

const REACHED = [
  'live',
  'recovered',
  'recovered after a replay',
  'reset trimmed',
  'gap',
  'resumed because it had to be',
  'came with a spent token',
];

// The time limit is for a machine that does other things beside it.
test('whatever clients of dialect 2 do and suffer, nobody is told that all is there while something is missing', {
  timeout: 120_000,
}, async () => {
  const reached = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(options, waits, fc.array(step, { minLength: 10, maxLength: 100 }), async (chosen, hooks, steps) => {
      const world = new Dialect2World(chosen, hooks);
      for (let n = 0; n < USERS; n += 1) await world.play([{ do: 'reconnect', client: n, wire: undefined }]);
      await world.play(steps);
      await world.check();
      await world.end();
      for (const [what, times] of world.ledger.reached) reached.set(what, (reached.get(what) ?? 0) + times);
    }),
    { numRuns: RUNS, seed: SEED },
  );
  if (process.env.FC_RUNS !== undefined) console.log(reached);
  // Schedules that reach nothing prove nothing.
  for (const what of RUNS < 600 ? [] : REACHED) expect(reached.get(what) ?? 0, what).toBeGreaterThan(10);
});
