import {
  createGateway,
  type Gateway,
  type GatewayOptions,
  type GatewaySocket,
  MemoryPresenceStore,
  type SocketListener,
} from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { asynchronous, PRESENCE_METHODS, waitOn } from './support/asynchronous.js';
import { KnownRosters } from './support/known-rosters.js';
import { identify } from './support/messages.js';
import { ResumingClient } from './support/resuming-client.js';
import { closeAndFindNothing } from './support/set-up.js';

const PRESENCE = Buffer.from('"presence_update"');
/** Nobody is taken for silent. */
const timings = {
  heartbeatTimeoutMs: 10_000_000,
  identifyTimeoutMs: 10_000_000,
  sweepIntervalMs: 100_000,
  presenceLeaseMs: 200_000,
};

/** A client that only counts the presence messages that it is written: 10,000 of them are to be quick. */
class Counting implements GatewaySocket {
  readonly bufferedBytes = 0;
  presences = 0;
  #listener!: SocketListener;

  constructor(gateway: Gateway) {
    gateway.accept(this, { remoteAddress: '127.0.0.1' });
  }

  send(envelope: object): void {
    const text = JSON.stringify(envelope);
    this.#listener.message(text, text.length);
  }

  bind(listener: SocketListener): void {
    this.#listener = listener;
  }

  write(frames: Buffer): boolean {
    for (let at = frames.indexOf(PRESENCE); at >= 0; at = frames.indexOf(PRESENCE, at + 1)) this.presences += 1;
    return true;
  }

  /** Ends without a word, and is no member any more at once. */
  close(code = 1000): void {
    this.#listener.closed(code, '');
  }

  terminate(): void {
    this.close(1006);
  }

  pause(): void {}
  resume(): void {}
}

/** So many who join within a time: how many presence messages the one who was written the most was written, and when the last one came. */
async function crowd(size: number, ms: number, options: GatewayOptions = {}) {
  const clock = new FakeClock();
  const gateway = createGateway({ clock, timings, ...options });
  onTestFinished(() => closeAndFindNothing(gateway, clock));
  let lastAt = 0;
  let told: number | undefined;
  gateway.on('presence', ({ info }) => {
    lastAt = clock.monotonicMs();
    told = info.details?.members;
  });
  const steps = Math.max(1, ms / 50);
  const clients: Counting[] = [];
  for (let step = 1; step <= steps; step += 1) {
    while (clients.length < (size * step) / steps) {
      const client = new Counting(gateway);
      client.send(identify('g'));
      clients.push(client);
    }
    await clock.advance(ms === 0 ? 0 : 50);
  }
  const at = clock.monotonicMs();
  await clock.advance(30_000);
  expect(told).toBe(size);
  const most = Math.max(...clients.map(({ presences }) => presences));
  const forgotten = clients.filter(({ presences }) => presences === 0).length;
  return { clock, gateway, clients, most, forgotten, lateMs: lastAt - at };
}

describe('10,000 who join one group', () => {
  test.each([
    ['at once', 0, 5],
    ['over 1 s', 1_000, 5],
    ['over 5 s', 5_000, 5],
    ['over 20 s, as each 10 s more is one more', 20_000, 7],
  ])('%s cost each member a few presence messages, of which the last one is right [R239]', async (_when, ms, max) => {
    const { most, forgotten, lateMs } = await crowd(10_000, ms);
    expect(most).toBeLessThanOrEqual(max);
    expect(most).toBeGreaterThan(0);
    expect(forgotten).toBeLessThan(2);
    expect(lateMs).toBeLessThanOrEqual(10_000);
  });
});

test('2,000 who leave within 5 s cost each who stays no more than those who come', async () => {
  const { clock, clients } = await crowd(4_000, 0);
  const [stays, ...others] = clients as [Counting, ...Counting[]];
  const before = stays.presences;
  for (let n = 0; n < 2_000; n += 1) {
    others[n]?.close();
    if (n % 20 === 0) await clock.advance(50);
  }
  await clock.advance(10_000);
  expect(stays.presences - before).toBeLessThanOrEqual(5);
  expect(stays.presences - before).toBeGreaterThanOrEqual(3);
});

test('a group of up to 50 is told of every interval, whoever comes and goes [R240]', async () => {
  const { most } = await crowd(50, 5_000);
  expect(most).toBeGreaterThanOrEqual(5_000 / 200);
});

test('intervals do not grow where presenceIntervalMaxMs is 0', async () => {
  const { most } = await crowd(1_000, 5_000, { timings: { ...timings, presenceIntervalMaxMs: 0 } });
  expect(most).toBeGreaterThanOrEqual(24);
});

describe('after a crowd has come', () => {
  /** How long what a member does then takes to be told, each time: changes come every 50 ms. */
  async function delays(options: GatewayOptions = {}) {
    const { clock, gateway, clients } = await crowd(500, 0, options);
    const late: number[] = [];
    const says = new ResumingClient(gateway);
    says.connect({ g: {} });
    await clock.advance(10_000);
    let toldAt = clock.monotonicMs();
    gateway.on('presence', () => {
      late.push(clock.monotonicMs() - toldAt);
      toldAt = clock.monotonicMs();
    });
    for (let n = 0; n < 200; n += 1) clients.push(new Counting(gateway));
    for (let n = 500; n < 700; n += 1) {
      clients[n]?.send(identify('g'));
      if (n % 40 === 0) await clock.advance(50);
    }
    for (let n = 0; n < 100; n += 1) {
      says.send({ type: 'presence', groupId: 'g', payload: { state: n } });
      await clock.advance(50);
    }
    return late;
  }

  test('what a member says of itself is told as quickly as before, with the first interval in which hardly anybody came', async () => {
    const late = await delays();
    expect(Math.max(...late.slice(1))).toBeGreaterThanOrEqual(600);
    expect(Math.max(...late.slice(1))).toBeLessThanOrEqual(10_000);
    expect(late.slice(-10)).toEqual(Array.from({ length: 10 }, () => 200));
  });

  test('everybody has the list that the gateway has', async () => {
    const clock = new FakeClock();
    const gateway = createGateway({
      clock,
      timings: { ...timings, resumeTtlMs: 1_000, sweepIntervalMs: 1_000 },
      limits: { messagesPerSecondMax: 0 },
    });
    onTestFinished(() => closeAndFindNothing(gateway, clock));
    const clients: ResumingClient[] = [];
    const known: KnownRosters[] = [];
    for (let n = 0; n < 120; n += 1) {
      const client = new ResumingClient(gateway);
      known.push(new KnownRosters(client));
      client.connect({ g: {} });
      clients.push(client);
      if (n % 3 === 0) await clock.advance(20);
      if (n % 10 === 0) client.connection.cut();
    }
    await clock.advance(15_000);
    const ids = (await gateway.members('g')).map(({ memberId }) => memberId).sort();
    expect(ids).toHaveLength(108);
    for (const [index, rosters] of known.entries()) {
      if (index % 10 === 0) continue;
      const list = rosters.take().groups.get('g');
      expect([...(list?.members?.keys() ?? [])].sort()).toEqual(ids);
    }
  });
});

describe('a store that needs time to answer', () => {
  test('makes no interval longer', async () => {
    const clock = new FakeClock();
    const presence = asynchronous(new MemoryPresenceStore({ clock }), [...PRESENCE_METHODS], waitOn(clock, 20));
    const gateway = createGateway({ clock, timings, presence });
    onTestFinished(() => closeAndFindNothing(gateway, clock));
    const client = new ResumingClient(gateway);
    client.connect({ g: {} });
    await clock.advance(1_000);
    const at: number[] = [];
    gateway.on('presence', () => at.push(clock.monotonicMs()));
    for (let n = 0; n < 40; n += 1) {
      client.send({ type: 'presence', groupId: 'g', payload: { state: n } });
      await clock.advance(50);
    }
    expect(at.length).toBeGreaterThan(8);
    for (const [index, time] of at.slice(1).entries()) expect(time - (at[index] as number)).toBe(200);
  });

  test('and answers when the gateway has closed, leaves no timer', async () => {
    const clock = new FakeClock();
    const presence = new MemoryPresenceStore({ clock });
    const info = presence.info.bind(presence);
    const held: (() => void)[] = [];
    const gateway = createGateway({ clock, timings, presence });
    const client = new Counting(gateway);
    client.send(identify('g'));
    await clock.advance(1_000);
    presence.info = (groupId) => new Promise((resolve) => held.push(() => resolve(info(groupId)))) as never;
    presence.enter('g', { memberId: 'other', nodeId: 'n', role: 'app-client', state: 'connected' });
    await clock.settle();
    expect(held).toHaveLength(1);
    const closing = gateway.close({ graceMs: 10 });
    await clock.advance(20);
    await closing;
    for (const answer of held) answer();
    await clock.settle();
    expect(clock.pendingTimers).toBe(0);
  });
});
