import { DURATION_BUCKETS_MS } from 'gateway-core';
import type { LogPosition } from 'gateway-protocol';
import { expect, test } from 'vitest';
import { identify, long } from './support/messages.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

test('metrics are the stats, with connections by what they are, and what went out', async () => {
  const { clock, gateway, connect, join } = setUp();
  for (let count = 0; count < 3; count += 1) connect();
  for (let count = 0; count < 2; count += 1) await join('g');
  const two = new ResumingClient(gateway);
  two.connect({ g: {} });
  await clock.settle();
  expect(gateway.metrics()).toMatchObject({ ...gateway.stats(), unidentified: 3, identified: { '1': 2, '2': 1 }, lagMax: 0 });
  const before = gateway.metrics().bytesOutTotal;
  await gateway.publish('g', long(1_000));
  await clock.settle();
  const after = gateway.metrics().bytesOutTotal;
  expect(after - before).toBeGreaterThan(2_000);
  // What went out stays out once its connection has ended.
  two.connection.close();
  await clock.settle();
  expect(gateway.metrics().bytesOutTotal).toBeGreaterThanOrEqual(after);
});

test('the slowest connection is how far behind the one that is most is', async () => {
  const { clock, gateway, join } = setUp({ limits: { socketHighWaterMarkBytes: 2_000 } });
  await join('g');
  (await join('g')).stopReading();
  for (let count = 0; count < 20; count += 1) await gateway.publish('g', long(1_000));
  (await join('g')).stopReading();
  for (let count = 0; count < 20; count += 1) await gateway.publish('g', long(1_000));
  await clock.settle();
  expect(gateway.connections().filter(({ lag }) => lag > 5)).toHaveLength(2);
  const { lagMax } = gateway.metrics();
  expect(lagMax).toBeGreaterThan(5);
  expect(lagMax).toBe(Math.max(...gateway.connections().map(({ lag }) => lag)));
});

test('closes, errors, syncs and resumes are counted by their kind; codes of clients are not as many as there are', async () => {
  const { clock, gateway, connect } = setUp();
  for (const code of [1000, 3000, 3001, 4777, 4900, 4901]) connect().close(code);
  connect().sendText('{');
  await clock.settle();
  const two = new ResumingClient(gateway);
  two.connect({ g: {} });
  await clock.settle();
  two.take().connection.cut();
  await clock.settle();
  two.connect();
  await clock.settle();
  expect(gateway.metrics()).toMatchObject({
    closesTotal: { '1000': 1, other: 3, '49xx': 2, '1006': 1 },
    errorsTotal: { BAD_JSON: 1 },
    syncsTotal: { live: 1, recovered: 1, reset: 0 },
    resumesTotal: 1,
  });
});

test('resets that members were told are counted by reason', async () => {
  const { clock, gateway, join } = setUp({ limits: { logMessagesMax: 2 } });
  await join('g');
  const asking = async (since: LogPosition) => {
    const client = new ResumingClient(gateway);
    client.connect({ g: since });
    await clock.settle();
  };
  for (let count = 0; count < 5; count += 1) await gateway.publish('g', count);
  const { epoch } = await gateway.position('g');
  await asking({ epoch: 'another', seq: 1 });
  await asking({ epoch, seq: 1 });
  await asking({ epoch, seq: 1 });
  await asking({ epoch, seq: 99 });
  expect(gateway.metrics()).toMatchObject({
    syncsTotal: { live: 0, recovered: 0, reset: 4 },
    syncResetsTotal: { epoch: 1, trimmed: 2, ahead: 1 },
  });
});

test('presence counts members once for each of their groups, also while they have dropped; who has come and not gone is there', async () => {
  const { clock, gateway, join } = setUp({ timings: { resumeTtlMs: 1_000 } });
  const there = () => {
    const { presentMembers, presentGroups, joinsTotal, leavesTotal } = gateway.metrics();
    expect(presentMembers).toBe(joinsTotal - leavesTotal);
    return { presentMembers, presentGroups, joinsTotal };
  };
  const one = await join('g');
  await join('h');
  const two = new ResumingClient(gateway);
  two.connect({ g: {}, h: {}, i: {} });
  await clock.settle();
  expect(there()).toEqual({ presentMembers: 5, presentGroups: 3, joinsTotal: 5 });
  two.take().connection.cut();
  await clock.settle();
  expect(there()).toEqual({ presentMembers: 5, presentGroups: 3, joinsTotal: 5 });
  two.connect();
  await clock.settle();
  expect(there()).toEqual({ presentMembers: 5, presentGroups: 3, joinsTotal: 5 });
  two.take().connection.cut();
  await clock.advance(5_000);
  expect(there()).toEqual({ presentMembers: 2, presentGroups: 2, joinsTotal: 5 });
  // A move is a leave and a join.
  one.send(identify('h'));
  await clock.settle();
  expect(there()).toEqual({ presentMembers: 2, presentGroups: 1, joinsTotal: 6 });
});

test('whether it drains is told from the call on', async () => {
  const { clock, gateway } = setUp();
  expect(gateway.metrics().draining).toBe(false);
  const closing = gateway.close({ graceMs: 0 });
  expect(gateway.metrics().draining).toBe(true);
  await clock.settle();
  await closing;
  expect(gateway.metrics().draining).toBe(true);
});

test('what takes its time is in a histogram by what was asked; what answers at once is not', async () => {
  const { clock, gateway, join } = setUp((clock) => ({
    authenticate: () => new Promise((resolve) => void clock.setTimeout(() => resolve(true), 25)),
    authorize: () => true,
    timings: { partTimeoutMs: 6_000 },
  }));
  await clock.advance(1_000);
  const joined = join('g');
  await clock.advance(25);
  await joined;
  const { durations } = gateway.metrics();
  expect(Object.keys(durations)).toEqual(['authenticate']);
  // No longer than its bound.
  const bucket = DURATION_BUCKETS_MS.indexOf(25);
  expect(durations.authenticate).toMatchObject({ count: 1, sumMs: 25 });
  expect(durations.authenticate?.buckets.map((count, at) => (count > 0 ? at : -1)).filter((at) => at >= 0)).toEqual([bucket]);
});

test('a part that does not answer took as long as it was waited for', async () => {
  const { clock, gateway, join } = setUp({ authenticate: () => new Promise(() => {}), timings: { partTimeoutMs: 6_000 } });
  void join('g');
  await clock.advance(6_000);
  const { durations } = gateway.metrics();
  expect(durations.authenticate).toMatchObject({ count: 1, sumMs: 6_000 });
  expect(durations.authenticate?.buckets.at(-1)).toBe(1);
});

test('what was told stays as it was, whatever comes after', async () => {
  const { clock, gateway, connect, join } = setUp((clock) => ({
    authenticate: () => new Promise((resolve) => void clock.setTimeout(() => resolve(true), 1)),
  }));
  const happens = async () => {
    const joined = join('g');
    await clock.advance(1);
    (await joined).sendText('{');
    connect().close(1000);
    await clock.settle();
  };
  await happens();
  const told = gateway.metrics();
  const copy = structuredClone(told);
  await happens();
  expect(told).toEqual(copy);
  expect(gateway.metrics()).toMatchObject({ closesTotal: { '1000': 2 }, durations: { authenticate: { count: 2 } } });
});
