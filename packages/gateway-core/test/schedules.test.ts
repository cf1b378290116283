import fc from 'fast-check';
import { type GatewayOptions, MemoryBroker, MemoryPresenceStore } from 'gateway-core';
import type { FakeClock } from 'gateway-core/testing';
import { test } from 'vitest';
import { asynchronous, BROKER_METHODS, PRESENCE_METHODS, waitOn } from './support/asynchronous.js';
import { CLIENTS, GROUPS, type Step, World } from './support/world.js';

const client = fc.nat({ max: CLIENTS - 1 });
const group = fc.constantFrom(...GROUPS);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('say' as const), client, size: fc.integer({ min: 1, max: 400 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('move' as const), client, group }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'close', 'vanish', 'kick'), client }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('stopReading' as const, 'startReading'), client }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('publish' as const), group }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 6_000 }) }) },
);

/** Everything is small, so that everything happens: slow members, loss, resume windows, time-outs. */
const SMALL: GatewayOptions = {
  limits: { logMessagesMax: 12, logAgeMaxMs: 0, socketHighWaterMarkBytes: 600, messagesPerSecondMax: 0, droppedMembersMax: 2 },
  timings: {
    heartbeatIntervalMs: 5_000,
    heartbeatTimeoutMs: 12_000,
    slowConsumerTimeoutMs: 4_000,
    resumeTtlMs: 3_000,
    closeTimeoutMs: 2_000,
  },
};

const beyondANetwork = (clock: FakeClock): GatewayOptions => ({
  ...SMALL,
  presence: asynchronous(new MemoryPresenceStore({ clock }), [...PRESENCE_METHODS], waitOn(clock, 3)),
  broker: asynchronous(new MemoryBroker(), [...BROKER_METHODS], waitOn(clock, 2)),
  authorize: ({ action }) => action === 'publish' || waitOn(clock, 5)().then(() => true),
});

test.each([
  ['with everything in memory', () => SMALL],
  ['with stores, a broker and a hook that need time', beyondANetwork],
])(
  'whatever clients do and suffer, in whatever order, nobody misses, doubles or overhears a message, and nothing is left: %s',
  async (_name, options) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
        const world = new World(options);
        await world.play(steps);
        await world.check();
        await world.end();
      }),
      { numRuns: 150 },
    );
  },
);
