import { type BrokerSubscription, type Clock, createGateway, MemoryBroker } from 'gateway-core';
import { expect, test } from 'vitest';
import { BusyClock } from './support/busy-clock.js';
import { heartbeat, identify } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

const COUNT = 2_000;
const limits = { logAgeMaxMs: 60_000 };
/** A quantum of sixteen units, as members and groups cost, comes on top of a slice. */
const LONGEST_MS = 3 + 1;

/** A broker of which each unsubscribe takes 0.01 ms. */
class CostlyBroker extends MemoryBroker {
  constructor(private readonly busy: BusyClock) {
    super({ clock: busy, historyMessagesMax: 0 });
  }

  override subscribe(...given: Parameters<MemoryBroker['subscribe']>): BrokerSubscription {
    const { position, unsubscribe } = super.subscribe(...given);
    const costly = () => {
      this.busy.spend(0.01);
      return unsubscribe();
    };
    return { position, unsubscribe: costly };
  }
}

/** Clients, each in a group of its own. A leave takes 0.01 ms, too. */
async function withClients() {
  const clock = new BusyClock();
  const set = setUp({ limits, broker: new CostlyBroker(clock) }, clock);
  const sockets = Array.from({ length: COUNT }, (_, n) => {
    const socket = new RecordingSocket(set.gateway);
    socket.send(identify(`g${n}`));
    return socket;
  });
  await clock.advance(1_000);
  set.gateway.on('leave', () => clock.spend(0.01));
  return { ...set, clock, sockets };
}

test('members whose resume window ends all at once do not hold the event loop', async () => {
  const { clock, gateway, sockets, events } = await withClients();
  for (const socket of sockets) socket.listener.closed(1006, '');
  await clock.advance(10_000);
  expect(gateway.stats().droppedMembers).toBe(COUNT);
  Object.assign(clock, { longestMs: 0, tasks: 0 });
  await clock.advance(6_000);
  expect(gateway.stats().droppedMembers).toBe(0);
  expect(events('leave')).toHaveLength(COUNT);
  expect(clock.tasks).toBeGreaterThan(1);
  expect(clock.longestMs).toBeLessThanOrEqual(LONGEST_MS);
});

test('nor do groups that are forgotten all at once', async () => {
  const { clock, gateway, sockets } = await withClients();
  for (const socket of sockets) socket.listener.closing(1000, '');
  for (const socket of sockets) socket.listener.closed(1000, '');
  await clock.advance(50_000);
  expect(gateway.stats().groups).toBe(COUNT);
  Object.assign(clock, { longestMs: 0, tasks: 0 });
  await clock.advance(12_000);
  expect(gateway.stats().groups).toBe(0);
  expect(clock.tasks).toBeGreaterThan(1);
  expect(clock.longestMs).toBeLessThanOrEqual(LONGEST_MS);
});

test('a gateway that closes in the middle of a sweep leaves nothing', async () => {
  const { clock, gateway, sockets, events } = await withClients();
  for (const socket of sockets) socket.listener.closed(1006, '');
  let closing: Promise<void> | undefined;
  gateway.on('leave', () => {
    closing ??= gateway.close({ graceMs: 0 });
  });
  await clock.advance(30_000);
  await closing;
  expect(events('leave')).toHaveLength(COUNT);
  expect(gateway.stats()).toMatchObject({ connections: 0, droppedMembers: 0, groups: 0 });
});

test('nor do sessions that end all at once', async () => {
  const clock = new BusyClock();
  const { gateway, events } = setUp({}, clock);
  for (let n = 0; n < COUNT; n += 1) await gateway.publish(`g${n % 50}`, n, { sessionId: `s${n}`, meta: {} });
  await clock.advance(1_000);
  // By task: what comes in a microtask after it holds the event loop as well.
  const told = new Map<number, number>();
  gateway.on('sessionExpired', () => {
    clock.spend(0.01);
    told.set(clock.tasks, (told.get(clock.tasks) ?? 0) + 1);
  });
  Object.assign(clock, { longestMs: 0, tasks: 0 });
  await clock.advance(20_000);
  expect(Math.max(...told.values()) * 0.01).toBeLessThanOrEqual(LONGEST_MS);
  expect(new Set(events('sessionExpired').map(({ session }) => session.sessionId)).size).toBe(COUNT);
  expect(events('sessionExpired')).toHaveLength(COUNT);
  expect(clock.longestMs).toBeLessThanOrEqual(LONGEST_MS);
});

test('nor do pings to all who are silent at once', async () => {
  const { clock, sockets } = await withClients();
  let pings = 0;
  const ping = () => {
    clock.spend(0.01);
    pings += 1;
  };
  for (const socket of sockets) Object.assign(socket, { ping });
  Object.assign(clock, { longestMs: 0, tasks: 0 });
  await clock.advance(14_000);
  expect(pings).toBe(COUNT);
  expect(clock.longestMs).toBeLessThanOrEqual(LONGEST_MS);
});

test('nor does looking at connections of which nothing is due', async () => {
  // Each look asks what time it is.
  const clock = new (class extends BusyClock {
    looks = 0;
    override now(): number {
      this.looks += 1;
      this.spend(0.001);
      return super.now();
    }
  })();
  const { gateway } = setUp({}, clock);
  for (let n = 0; n < 8_000; n += 1) new RecordingSocket(gateway);
  await clock.advance(500);
  Object.assign(clock, { longestMs: 0, looks: 0 });
  await clock.advance(600);
  expect(clock.looks).toBeGreaterThanOrEqual(8_000);
  expect(clock.longestMs).toBeLessThanOrEqual(LONGEST_MS + 0.5);
});

test('a sweep that takes longer than sweepIntervalMs is finished, and not begun anew', () => {
  const tasks: (() => void)[] = [];
  const immediates: (() => void)[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    // Each slice is over as soon as it may be.
    monotonicMs: () => {
      now += 1;
      return now;
    },
    setTimeout: (task) => tasks.push(task),
    clearTimeout: () => {},
    setImmediate: (task) => immediates.push(task),
  };
  const gateway = createGateway({ clock, timings: { flushSliceMs: 1, identifyTimeoutMs: 300_000 } });
  const alive = Array.from({ length: 1_100 }, () => new RecordingSocket(gateway));
  const silent = new RecordingSocket(gateway);
  for (let turn = 1; turn <= 30; turn += 1) {
    now = turn * 1_000;
    for (const task of tasks.splice(0)) task();
    if (turn % 10 === 0) for (const socket of alive) socket.send(heartbeat());
    for (const task of immediates.splice(0)) task();
  }
  expect(silent.closes).toMatchObject([{ code: 4200 }]);
  expect(alive.flatMap(({ closes }) => closes)).toEqual([]);
});
