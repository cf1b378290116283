import {
  type Broker,
  type GatewayError,
  type GatewayOptions,
  MemoryBroker,
  MemoryPresenceStore,
  MemorySessionStore,
} from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { PartTimeouts } from '../src/part-timeouts.js';
import { errorsOf, heartbeat, identify, say } from './support/messages.js';
import { setUp } from './support/set-up.js';

const never = () => new Promise<never>(() => {});

/** A part whose one method never answers while it is stuck. */
function stuck<Part extends object>(part: Part, method: keyof Part, isStuck: () => boolean): Part {
  return new Proxy(part, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => (name === method && isStuck() ? never() : value.apply(target, args));
    },
  });
}

/** For each part: options in which one call of it never answers, and the message that waits for it. */
const PARTS: [name: string, options: (clock: FakeClock, isStuck: () => boolean) => GatewayOptions, message: object][] = [
  ['authenticate', (_, isStuck) => ({ authenticate: () => (isStuck() ? never() : true) }), identify('g')],
  ['authorize, of a join', (_, isStuck) => ({ authorize: () => (isStuck() ? never() : true) }), identify('h')],
  ['authorize, of a message', (_, isStuck) => ({ authorize: () => (isStuck() ? never() : true) }), say(1)],
  [
    'presence.enter',
    (clock, isStuck) => ({ presence: stuck(new MemoryPresenceStore({ clock }), 'enter', isStuck) }),
    identify('h'),
  ],
  [
    'presence.info',
    (clock, isStuck) => ({ presence: stuck(new MemoryPresenceStore({ clock }), 'info', isStuck) }),
    identify('h'),
  ],
  [
    'broker.publish',
    (_, isStuck) => ({ broker: stuck<Broker>(new MemoryBroker(), 'publish', isStuck), limits: { publishesInFlightMax: 1 } }),
    say(1),
  ],
  [
    'sessions.upsert',
    (clock, isStuck) => ({ sessions: stuck(new MemorySessionStore({ clock }), 'upsert', isStuck) }),
    say(1, { sessionId: 's' }, { meta: {} }),
  ],
  [
    'sessions.touch',
    (clock, isStuck) => ({ sessions: stuck(new MemorySessionStore({ clock }), 'touch', isStuck) }),
    heartbeat({ sessionId: 's' }),
  ],
];

describe.each(PARTS)('%s does not answer', (_name, options, message) => {
  test('the message is answered INTERNAL after partTimeoutMs, and nobody is closed for the silence meanwhile [R215]', async () => {
    let isStuck = false;
    const { clock, join, events } = setUp((fake) => ({
      ...options(fake, () => isStuck),
      timings: { partTimeoutMs: 30_000, heartbeatTimeoutMs: 25_000, presenceLeaseMs: 60_000 },
    }));
    const [client, other] = [await join('g'), await join('g')];
    isStuck = true;
    client.send({ ...message, id: 'm-1' });
    client.send(say('behind it', { groupId: 'g' }));
    for (let passed = 0; passed < 29; passed += 1) {
      await clock.advance(1_000);
      other.send(heartbeat());
    }
    expect(errorsOf(client)).toEqual([]);
    expect(client.closed).toBeUndefined();
    isStuck = false;
    await clock.advance(1_000);
    expect(errorsOf(client)).toMatchObject([{ code: 'INTERNAL', retryable: true, inReplyTo: 'm-1' }]);
    // Also for whom nobody waits with a message, as presence that is to be announced.
    const codes = events('error').map(({ error }) => (error as GatewayError).code);
    expect([...new Set(codes)]).toEqual(['PART_TIMEOUT']);
    // What was behind it is handled, and the connection is as it was.
    expect(other.data).toContain('behind it');
    await clock.advance(20_000);
    expect(client.closed).toBeUndefined();
  });
});

test.each([
  ['broker.publish', (clock: FakeClock) => ({ clock, broker: stuck<Broker>(new MemoryBroker(), 'publish', () => true) })],
  ['sessions', (clock: FakeClock) => ({ clock, sessions: stuck(new MemorySessionStore({ clock }), 'upsert', () => true) })],
])('a publish of the server that waits for %s rejects with PART_TIMEOUT', async (where, options) => {
  const { clock, gateway } = setUp(options);
  const publishing = gateway.publish('g', 1, { sessionId: 's', meta: {} });
  const failed = expect(publishing).rejects.toMatchObject({ code: 'PART_TIMEOUT', message: expect.stringContaining(where) });
  await clock.advance(10_000);
  await failed;
});

test('what the broker accepts after the time limit is in the log, and told', async () => {
  let release = () => {};
  class Late extends MemoryBroker {
    override publish(...args: Parameters<MemoryBroker['publish']>) {
      const answered = new Promise<void>((resolve) => {
        release = resolve;
      });
      return answered.then(() => super.publish(...args)) as never;
    }
  }
  const { clock, join, events } = setUp({ broker: new Late() });
  const [client, other] = [await join('g'), await join('g')];
  client.send(say('late'));
  await clock.advance(10_000);
  expect(errorsOf(client)).toMatchObject([{ code: 'INTERNAL' }]);
  release();
  await clock.settle();
  expect(other.data).toEqual(['late']);
  expect(events('data')).toMatchObject([{ data: 'late', seq: 1 }]);
});

test('an identify that timed out leaves nothing behind, though the store answers it later', async () => {
  let release = () => {};
  class Late extends MemoryPresenceStore {
    override enter(...args: Parameters<MemoryPresenceStore['enter']>) {
      return new Promise<void>((resolve) => {
        release = () => resolve(super.enter(...args));
      }) as never;
    }
    // Calls take effect in the order in which they were made.
    override leave(...args: Parameters<MemoryPresenceStore['leave']>) {
      release();
      super.leave(...args);
    }
  }
  const { clock, gateway, join, events } = setUp((fake) => ({ presence: new Late({ clock: fake }) }));
  const client = await join('g');
  await clock.advance(10_000);
  expect(errorsOf(client)).toMatchObject([{ code: 'INTERNAL' }]);
  expect((await gateway.presence('g')).details?.members ?? 0).toBe(0);
  expect(events('join')).toEqual([]);
});

test.each<['presence' | 'members' | 'sessions', string, (clock: FakeClock) => GatewayOptions]>([
  ['presence', 'presence.info', (clock) => ({ presence: stuck(new MemoryPresenceStore({ clock }), 'info', () => true) })],
  ['members', 'presence.list', (clock) => ({ presence: stuck(new MemoryPresenceStore({ clock }), 'list', () => true) })],
  ['sessions', 'sessions.list', (clock) => ({ sessions: stuck(new MemorySessionStore({ clock }), 'list', () => true) })],
])('the host that asks for %s is not left waiting either', async (asked, part, options) => {
  const { clock, gateway } = setUp(options);
  const failed = expect(gateway[asked]('g')).rejects.toMatchObject({
    code: 'PART_TIMEOUT',
    message: expect.stringContaining(part),
  });
  await clock.advance(60_000);
  await failed;
});

test('a gateway that closes waits for nobody, and rejects what still waits', async () => {
  const { clock, gateway } = setUp({ broker: stuck<Broker>(new MemoryBroker(), 'publish', () => true) });
  const publishing = gateway.publish('g', 1);
  const failed = expect(publishing).rejects.toMatchObject({ code: 'CLOSED' });
  const closing = gateway.close({ graceMs: 1_000 });
  await clock.advance(1_000);
  await Promise.all([closing, failed]);
  expect(clock.pendingTimers).toBe(0);
});

test('an answer in time, good or bad, leaves no timer behind', async () => {
  let fails = false;
  const { clock, gateway, connect } = setUp({
    authorize: async () => {
      if (fails) throw new Error('no database');
      return true;
    },
  });
  const client = connect();
  client.send(identify('g'));
  await clock.advance(1_000);
  const timers = clock.pendingTimers;
  for (let n = 0; n < 10; n += 1) {
    fails = n % 2 === 1;
    client.send(say(n));
    await clock.settle();
    expect(clock.pendingTimers).toBe(timers);
  }
  expect(gateway.stats().publishedTotal).toBe(5);
  expect(errorsOf(client)).toHaveLength(5);
});

test('what is asked after the gateway has closed is not waited for: no timer is left, and nothing is reported', async () => {
  const clock = new FakeClock();
  const timeouts = new PartTimeouts(clock, 1_000);
  timeouts.close();
  await expect(timeouts.limit(never(), 'members.find')).rejects.toMatchObject({ code: 'CLOSED' });
  await expect(timeouts.limit(Promise.reject(new Error('late')), 'members.find')).rejects.toMatchObject({ code: 'CLOSED' });
  expect(timeouts.limit(1, 'members.find')).toBe(1);
  expect(clock.pendingTimers).toBe(0);
});
