import { type GatewayOptions, MemoryBroker, MemoryPresenceStore, MemorySessionStore } from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import type { IdentifyPayload } from 'gateway-protocol';
import { describe } from 'vitest';
import {
  BROKER_METHODS,
  delayed,
  nextTurn,
  type Pace,
  PRESENCE_METHODS,
  paced,
  pacedFunction,
  SESSION_METHODS,
  sync,
} from './asynchronous.js';
import { identify } from './messages.js';
import { setUp, type TestGateway } from './set-up.js';

/** How long each half of a delayed call takes. */
const DELAY_MS = 5;

const PACES: [name: string, paceOf: (clock: FakeClock) => Pace][] = [
  ['at once', () => sync],
  ['in the next turn', () => nextTurn],
  ['after 10 ms', (clock) => delayed(clock, DELAY_MS)],
];

export interface PacedGateway extends TestGateway {
  /** Lets everything happen that was begun: until no store, broker or hook is waited for. Moves time where they need it. */
  settle: () => Promise<void>;
  /** What a promise resolves to, and everything else that was begun by then. */
  answer: <Value>(promise: Promise<Value>) => Promise<Value>;
}

/** A gateway whose stores, broker and hooks answer at a pace. */
export function setUpAt(paceOf: (clock: FakeClock) => Pace, options: GatewayOptions = {}): PacedGateway {
  const clock = new FakeClock();
  const calls = { pending: 0 };
  const pace = paceOf(clock);
  const { presence, sessions, broker, authenticate, authorize } = options;
  const set = setUp(
    {
      ...options,
      presence: paced(presence ?? new MemoryPresenceStore({ clock }), PRESENCE_METHODS, pace, { calls }),
      sessions: paced(sessions ?? new MemorySessionStore({ clock }), SESSION_METHODS, pace, { calls }),
      broker: paced(broker ?? new MemoryBroker(), BROKER_METHODS, pace, { calls }),
      ...(authenticate && { authenticate: pacedFunction(authenticate, pace, calls) }),
      ...(authorize && { authorize: pacedFunction(authorize, pace, calls) }),
    },
    clock,
  );
  const settle = async () => {
    await clock.settle();
    while (calls.pending > 0) await clock.advance(pace === nextTurn ? 0 : DELAY_MS);
  };
  return {
    ...set,
    settle,
    answer: async (promise) => {
      const [value] = await Promise.all([promise, settle()]);
      return value;
    },
    join: async (groupId?: string, rest?: Partial<IdentifyPayload>) => {
      const client = set.connect();
      client.send(identify(groupId, rest));
      await settle();
      return client;
    },
  };
}

/**
 * Runs the same tests with parts that answer at once, a turn later, and after a while.
 * @example
 * forEachPace((setUp) => {
 *   test('a client that identifies is answered with its group’s presence', async () => {
 *     const { join } = setUp();
 *     expect(readiesOf(await join('g'))[1]).toMatchObject({ presence: { status: 'UP' } });
 *   });
 * });
 */
export function forEachPace(define: (setUp: (options?: GatewayOptions) => PacedGateway) => void): void {
  describe.each(PACES)('where parts answer %s', (_name, paceOf) => define((options) => setUpAt(paceOf, options)));
}
