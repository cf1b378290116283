import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createGateway, type Gateway, type TracedDelivery, type Tracer } from 'gateway-core';
import { connectClient, FakeClock } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { LogBudget } from '../src/groups/log-budget.js';
import { Roster } from '../src/groups/roster.js';
import { DEFAULT_LIMITS } from '../src/limits.js';
import { identify, say } from './support/messages.js';
import { traceparentOf } from './support/recording-tracer.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Memory in use: of the heap and of the buffers outside it. */
function memory(): number {
  for (let n = 0; n < 3; n += 1) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const FAST = { messagesPerSecondMax: 0, bytesPerSecondMax: 0 };

async function compared(groups: number, fill: (gateway: Gateway, clock: FakeClock, groupId: string) => Promise<void>) {
  const clock = new FakeClock();
  const gateway = createGateway({ clock, limits: FAST });
  // What the first ones bring is code and tables.
  for (let n = 0; n < 100; n += 1) await fill(gateway, clock, `warm ${n}`);
  await clock.settle();
  const before = { memory: memory(), counted: gateway.stats().logBytes };
  for (let n = 0; n < groups; n += 1) {
    await fill(gateway, clock, `group ${n}`);
    if (n % 500 === 0) await clock.settle();
  }
  await clock.settle();
  const found = memory() - before.memory;
  const counted = gateway.stats().logBytes - before.counted;
  await gateway.close({ graceMs: 0 });
  return found / counted;
}

const publish = (messages: number, data: string) => async (gateway: Gateway, _: FakeClock, groupId: string) => {
  for (let n = 0; n < messages; n += 1) await gateway.publish(groupId, data);
};

test.each([
  ['10,000 groups of one message', 10_000, publish(1, '')],
  ['3,000 groups of 50 short messages', 3_000, publish(50, '')],
  [
    '2,000 groups of messages of different sizes',
    2_000,
    async (gateway: Gateway, clock: FakeClock, groupId: string) => {
      for (const size of [10, 3_000, 100, 500]) await publish(1, 'x'.repeat(size))(gateway, clock, groupId);
    },
  ],
])('stats().logBytes is what the process holds, to within a third: %s', { timeout: 60_000 }, async (_, groups, fill) => {
  const ratio = await compared(groups, fill);
  expect(ratio).toBeGreaterThan(2 / 3);
  expect(ratio).toBeLessThan(4 / 3);
});

test.each([
  ['latest', (n: number) => ({ delivery: 'latest', key: `key ${n}` })],
  ['volatile', () => ({ delivery: 'volatile' })],
])(
  'stats().logBytes is what the process holds, to within a third: messages of delivery %s',
  { timeout: 60_000 },
  async (_, envelope) => {
    const clock = new FakeClock();
    const gateway = createGateway({ clock, limits: { ...FAST, logMessagesMax: 20_000, logBytesMax: 0 } });
    const client = connectClient(gateway);
    client.send(identify('g'));
    await clock.advance(1_000);
    client.received.push = () => 0;
    client.texts.push = () => 0;
    const before = { memory: memory(), counted: gateway.stats().logBytes };
    for (let n = 0; n < 20_000; n += 1) {
      client.send(say(n, envelope(n)));
      if (n % 100 === 0) await clock.settle();
    }
    await clock.settle();
    const ratio = (memory() - before.memory) / (gateway.stats().logBytes - before.counted);
    expect(ratio).toBeGreaterThan(2 / 3);
    expect(ratio).toBeLessThan(4 / 3);
    await gateway.close({ graceMs: 0 });
  },
);

test.each([
  ['small', 3, 1, 'x'],
  ['of many', 500, 10, 'x'],
  ['of many with much metadata', 100, 1_500, 'x'],
  ['of many with metadata beyond Latin-1', 100, 800, '\u0436'],
])('what a roster says that it holds is what it holds, to within a third: %s', (_, members, length, letter) => {
  const budget = new LogBudget(Number.POSITIVE_INFINITY, () => {});
  const info = { status: 'UP', details: { role: 'app-client', members } } as const;
  const make = (n: number) => {
    const roster = new Roster(`g${n}`, { ...DEFAULT_LIMITS, presenceListBytesMax: 1024 * 1024 }, budget);
    for (let at = 1; at < 6; at += 1) {
      const list = Array.from({ length: members }, (__, m) => ({
        memberId: `member ${n} ${m} of a usual length`,
        nodeId: 'node',
        role: 'app-client' as const,
        state: 'connected' as const,
        metadataText: JSON.stringify({ text: letter.repeat(length) }),
        stateText: m < 3 ? String(at) : undefined,
      }));
      roster.take({ ts: at, info, members: list, asked: at }, at);
    }
    return roster.list === undefined ? undefined : roster;
  };
  make(-1);
  const [before, counted] = [memory(), budget.bytes];
  const rosters = Array.from({ length: Math.ceil(8_000 / members) }, (__, n) => make(n));
  const ratio = (memory() - before) / (budget.bytes - counted);
  expect(rosters).not.toContain(undefined);
  expect(ratio).toBeGreaterThan(2 / 3);
  expect(ratio).toBeLessThan(4 / 3);
});

/** Publishes long messages to a client, and answers what a tracer was told of it, and keeps. */
async function toldOfDeliveries(messages: number): Promise<TracedDelivery[]> {
  const clock = new FakeClock();
  const told: TracedDelivery[] = [];
  const tracer: Tracer = { message: () => undefined, delivery: (delivery) => void told.push(delivery) };
  const gateway = createGateway({ clock, tracer, limits: FAST });
  connectClient(gateway).send(identify('g'));
  await clock.settle();
  for (let n = 1; n <= messages; n += 1) await gateway.publish('g', 'x'.repeat(200_000), { traceparent: traceparentOf(n) });
  await clock.settle();
  await gateway.close({ graceMs: 0 });
  return told;
}

test('a tracer that keeps what it is told of a delivery keeps none of the message', async () => {
  await toldOfDeliveries(1);
  const before = memory();
  const told = await toldOfDeliveries(100);
  const kept = memory() - before;
  expect(told.map(({ traceparent }) => traceparent)).toEqual(told.map((_, at) => traceparentOf(at + 1)));
  expect(told).toHaveLength(100);
  // With the messages it would be 20 MB.
  expect(kept).toBeLessThan(5_000_000);
});
