import type { GatewayStats } from 'gateway-core';
import { createGateway } from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { textOf } from '../../src/metrics/exposition.js';
import type { Samples } from '../../src/metrics/samples.js';
import { UsageError } from '../../src/usage-error.js';
import type { ToPrimary, ToWorker } from '../../src/workers/control-messages.js';
import { WIRE_VERSION } from '../../src/workers/messages.js';
import { WorkerPool, type WorkerProcess } from '../../src/workers/worker-pool.js';
import { WorkersMetrics } from '../../src/workers/workers-metrics.js';

const DRAIN_MS = 5_000;

/** A process that does nothing by itself. */
class FakeProcess implements WorkerProcess {
  readonly heard: ToWorker[] = [];
  killed = false;
  #message: (message: ToPrimary) => void = () => {};
  #exit: (code: number | null, signal: string | null) => void = () => {};

  constructor(readonly pid: number) {}

  send(message: ToWorker): void {
    this.heard.push(message);
  }

  kill(): void {
    this.killed = true;
    this.exits(null, 'SIGKILL');
  }

  onMessage(listener: (message: ToPrimary) => void): void {
    this.#message = listener;
  }

  onExit(listener: (code: number | null, signal: string | null) => void): void {
    this.#exit = listener;
  }

  says(message: ToPrimary): void {
    this.#message(message);
  }

  serves(port = 4100): void {
    this.says({ type: 'hello', version: WIRE_VERSION });
    this.says({ type: 'serving', url: `ws://127.0.0.1:${port}/rt`, healthUrl: '', address: '127.0.0.1', port });
  }

  exits(code: number | null, signal: string | null = null): void {
    this.#exit(code, signal);
    this.#exit = () => {};
  }

  get drains(): string[] {
    return this.heard.flatMap((message) => (message.type === 'drain' ? [message.how] : []));
  }
}

function poolOf(count: number, metrics?: WorkersMetrics) {
  const clock = new FakeClock();
  const processes: FakeProcess[] = [];
  const logs: string[] = [];
  const log = (text: string) => void logs.push(text);
  const pool = new WorkerPool({
    count,
    fork: () => {
      const process = new FakeProcess(processes.length + 1);
      processes.push(process);
      return process;
    },
    start: (worker) => ({ type: 'start', worker }) as ToWorker,
    clock,
    logger: { debug: log, info: log, warn: log, error: log },
    drainMs: DRAIN_MS,
    metrics,
  });
  const process = (index: number) => processes[index] as FakeProcess;
  /** As many as serve, from the first. */
  const started = async () => {
    const starting = pool.start();
    for (let index = 0; index < count; index += 1) {
      process(index).serves();
      await clock.settle();
    }
    return starting;
  };
  return { clock, pool, processes, process, logs, started };
}

describe('workers start', () => {
  test('the first one alone, so that what is wrong is said once; then the others', async () => {
    const { pool, processes, process, clock } = poolOf(3);
    const starting = pool.start();
    expect(processes).toHaveLength(1);
    process(0).serves(4321);
    await clock.settle();
    expect(processes).toHaveLength(3);
    expect(process(0).heard).toEqual([{ type: 'start', worker: 0 }]);
    process(1).serves(4321);
    process(2).serves(4321);
    expect(await starting).toMatchObject({ port: 4321, url: 'ws://127.0.0.1:4321/rt' });
    expect(pool.size).toBe(3);
    expect(process(2).heard).toEqual([{ type: 'start', worker: 2 }]);
  });

  test('and where the first one cannot, the pool says why', async () => {
    const { pool, process, processes, clock } = poolOf(2);
    const starting = pool.start();
    process(0).says({ type: 'failed', message: '--port takes a free port', usage: true });
    process(0).exits(1);
    await expect(starting).rejects.toEqual(new UsageError('--port takes a free port'));
    await clock.advance(60_000);
    expect(processes).toHaveLength(1);
  });

  test('and one of another version is not served', async () => {
    const { pool, process } = poolOf(1);
    const starting = pool.start();
    process(0).says({ type: 'hello', version: WIRE_VERSION + 1 });
    await expect(starting).rejects.toThrow('start it anew');
    expect(process(0).killed).toBe(true);
  });
});

describe('a worker that dies', () => {
  test('is replaced after a pause, which doubles for one that dies again and again, up to 10 s', async () => {
    const { pool, processes, process, clock, started } = poolOf(2);
    await started();
    const pauses: number[] = [];
    for (let deaths = 0; deaths < 10; deaths += 1) {
      const before = processes.length;
      process(before - 1).exits(1);
      let pause = 0;
      for (; processes.length === before; pause += 100) await clock.advance(100);
      pauses.push(pause);
      process(before).serves();
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]);
    expect(pool.size).toBe(2);
    await clock.advance(10_000);
    const before = processes.length;
    process(before - 1).exits(null, 'SIGKILL');
    await clock.advance(100);
    expect(processes).toHaveLength(before + 1);
  });

  test('while all drain is not replaced', async () => {
    const { pool, processes, process, clock, started } = poolOf(2);
    await started();
    process(1).exits(1);
    const draining = pool.drain();
    await clock.advance(1_000);
    expect(processes).toHaveLength(2);
    process(0).exits(0);
    await draining;
  });

  test('is named with the port where the others get another one', async () => {
    const { process, clock, logs, started } = poolOf(1);
    await started();
    process(0).exits(1);
    await clock.advance(100);
    process(1).serves(4999);
    expect(logs).toContain('listening on ws://127.0.0.1:4999/rt from now on');
  });
});

describe('workers are replaced', () => {
  test('one after the other, each when another serves in its place', async () => {
    const { pool, processes, process, clock, logs, started } = poolOf(2);
    await started();
    const rolling = pool.roll();
    expect(processes).toHaveLength(3);
    expect(process(0).drains).toEqual([]);
    process(2).serves();
    await clock.settle();
    expect(process(0).drains).toEqual(['hand over']);
    // The next one waits until this one has ended.
    expect(processes).toHaveLength(3);
    process(0).exits(0);
    await clock.settle();
    expect(processes).toHaveLength(4);
    expect(process(1).drains).toEqual([]);
    process(3).serves();
    await clock.settle();
    process(1).exits(0);
    await rolling;
    expect(process(3).heard[0]).toEqual({ type: 'start', worker: 1 });
    expect(pool.size).toBe(2);
    expect(logs).toContain('workers are replaced');
    await clock.advance(60_000);
    expect(processes).toHaveLength(4);
  });

  test('no further where a new one does not serve: the old ones stay', async () => {
    const { pool, processes, process, clock, logs, started } = poolOf(2);
    await started();
    const rolling = pool.roll();
    process(2).exits(1);
    await rolling;
    expect(process(0).drains).toEqual([]);
    expect(pool.size).toBe(2);
    expect(logs.at(-1)).toContain('not replaced any further');
    await clock.advance(60_000);
    expect(processes).toHaveLength(3);
  });

  test('once more where it is asked for meanwhile', async () => {
    const { pool, processes, process, clock, started } = poolOf(1);
    await started();
    const rolls = [pool.roll(), pool.roll(), pool.roll()];
    for (let index = 1; index <= 2; index += 1) {
      process(index).serves();
      await clock.settle();
      process(index - 1).exits(0);
      await clock.settle();
    }
    await Promise.all(rolls);
    expect(processes).toHaveLength(3);
  });

  test('and one whose old one dies meanwhile is there once', async () => {
    const { pool, processes, process, clock, started } = poolOf(1);
    await started();
    const rolling = pool.roll();
    process(0).exits(null, 'SIGKILL');
    await clock.advance(1_000);
    expect(processes).toHaveLength(2);
    process(1).serves();
    await rolling;
    expect(pool.size).toBe(1);
  });

  test('and where old and new die, another one comes', async () => {
    const { pool, processes, process, clock, started } = poolOf(1);
    await started();
    const rolling = pool.roll();
    process(0).exits(1);
    process(1).exits(1);
    await rolling;
    await clock.advance(100);
    expect(processes).toHaveLength(3);
    process(2).serves();
    expect(pool.size).toBe(1);
  });
});

describe('all end', () => {
  test('by a drain, which kills who does not end in time', async () => {
    const { pool, process, clock, started } = poolOf(2);
    await started();
    const draining = pool.drain();
    expect([0, 1].map((index) => process(index).drains)).toEqual([['all'], ['all']]);
    process(0).exits(0);
    await clock.advance(DRAIN_MS - 1);
    expect(process(1).killed).toBe(false);
    await clock.advance(1);
    await draining;
    expect(process(1).killed).toBe(true);
  });

  test('also in the middle of a replacement, and none is started any more', async () => {
    const { pool, processes, process, clock, started } = poolOf(2);
    await started();
    const rolling = pool.roll();
    const draining = pool.drain();
    // It serves nobody yet.
    expect(process(2).killed).toBe(true);
    process(0).exits(0);
    process(1).exits(0);
    await Promise.all([rolling, draining]);
    await clock.advance(60_000);
    expect(processes).toHaveLength(3);
  });

  test('at once by kill, and none is started any more', async () => {
    const { pool, processes, process, clock, started } = poolOf(2);
    await started();
    pool.kill();
    expect([0, 1].map((index) => process(index).killed)).toEqual([true, true]);
    await clock.advance(60_000);
    expect(processes).toHaveLength(2);
  });
});

describe('metrics', () => {
  const histogramOf = (count: number): Samples => ({
    name: 'took',
    help: '',
    type: 'histogram',
    aggregator: 'sum',
    values: [{ metricName: 'took_count', labels: { part: 'A' }, value: count }],
  });
  const samplesOf = (counted: number, lag: number): Samples[] => [
    { name: 'counted_total', help: '', type: 'counter', aggregator: 'sum', values: [{ labels: { code: 'A' }, value: counted }] },
    { name: 'lag', help: '', type: 'gauge', aggregator: 'max', values: [{ labels: {}, value: lag }] },
    histogramOf(counted),
  ];
  const nodeOf = (worker: number, pid: number): Samples[] => [
    { name: 'process', help: '', type: 'gauge', aggregator: 'first', values: [{ labels: { worker }, value: pid }] },
  ];

  /** Asks, and has these processes answer. */
  async function asked(pool: WorkerPool, clock: FakeClock, answers: [process: FakeProcess, worker: number, n: number][]) {
    const done = pool.askMetrics();
    for (const [process, worker, n] of answers) {
      const { id } = process.heard.at(-1) as Extract<ToWorker, { type: 'metrics' }>;
      process.says({ type: 'metrics', id, samples: { gateway: samplesOf(n, n), node: nodeOf(worker, process.pid) } });
    }
    await clock.advance(1_000);
    await done;
  }

  /** Two workers that have counted 5 and 7. */
  async function twoAsked() {
    const metrics = new WorkersMetrics();
    const { pool, process, clock, started } = poolOf(2, metrics);
    await started();
    await asked(pool, clock, [
      [process(0), 0, 5],
      [process(1), 1, 7],
    ]);
    return { metrics, pool, process, clock };
  }

  const valuesOf = async (metrics: WorkersMetrics) =>
    Object.fromEntries(
      (await textOf(metrics.samples()))
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
    );

  test('of all workers are one; each process has those of its own', async () => {
    const { metrics } = await twoAsked();
    expect(await valuesOf(metrics)).toEqual({
      'counted_total{code="A"}': 12,
      'took_count{part="A"}': 12,
      lag: 7,
      'process{worker="0"}': 1,
      'process{worker="1"}': 2,
    });
  });

  test('totals do not fall when a worker dies, is slow to answer, or is replaced; what is there now is of those that are', async () => {
    const { metrics, pool, process, clock } = await twoAsked();
    process(1).exits(null, 'SIGKILL');
    expect(pool.deaths).toBe(1);
    expect(await valuesOf(metrics)).toEqual({
      'counted_total{code="A"}': 12,
      'took_count{part="A"}': 12,
      lag: 5,
      'process{worker="0"}': 1,
    });
    await clock.advance(100);
    process(2).serves();
    // It has not answered yet: the other one has not counted less.
    await asked(pool, clock, [[process(0), 0, 6]]);
    expect(await valuesOf(metrics)).toMatchObject({ 'counted_total{code="A"}': 13 });
    await asked(pool, clock, [[process(2), 1, 1]]);
    expect(await valuesOf(metrics)).toMatchObject({ 'counted_total{code="A"}': 14, lag: 6, 'process{worker="1"}': 3 });
    const rolling = pool.roll();
    process(3).serves();
    await clock.settle();
    // Both are worker 0, and the new one is the one that is shown.
    await asked(pool, clock, [
      [process(0), 0, 8],
      [process(3), 0, 2],
    ]);
    expect(await valuesOf(metrics)).toMatchObject({ 'counted_total{code="A"}': 18, 'process{worker="0"}': 4 });
    // What it has counted until its end it says without being asked.
    process(0).says({ type: 'metrics', id: 0, samples: { gateway: samplesOf(9, 0), node: [] } });
    process(0).exits(0);
    await clock.settle();
    expect(await valuesOf(metrics)).toMatchObject({ 'counted_total{code="A"}': 19, lag: 2 });
    expect(pool.deaths).toBe(1);
    pool.kill();
    await rolling;
  });
});

test('the statistics are the sums of those who answer within a second', async () => {
  const { pool, process, clock, started } = poolOf(3);
  await started();
  const gateway = createGateway();
  onTestFinished(() => gateway.close());
  const stats = pool.stats();
  const answer = (index: number, some: Partial<GatewayStats>) => {
    const { id } = process(index).heard.at(-1) as Extract<ToWorker, { type: 'stats' }>;
    process(index).says({ type: 'stats', id, stats: { ...gateway.stats(), ...some } });
  };
  answer(0, { connections: 2, publishedTotal: 5 });
  answer(2, { connections: 3, gapsTotal: 1 });
  await clock.advance(1_000);
  expect(await stats).toEqual({ ...gateway.stats(), workers: 2, connections: 5, publishedTotal: 5, gapsTotal: 1 });
});
