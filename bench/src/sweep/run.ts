// How long the sweep of a gateway with many connections holds the event loop at a time: clients in memory, so that nothing else is measured.
import { PerformanceObserver } from 'node:perf_hooks';
import { createGateway, systemClock } from 'gateway-core';
import { connectClient } from 'gateway-core/testing';

const [connections = 50_000, sweeps = 60, settleMs = 15_000] = process.argv.slice(2, 5).map(Number);
const SWEEP_MS = 1_000;
const PER_GROUP = 10;

/** When the event loop was held, in milliseconds of `performance.now()`. */
interface Span {
  from: number;
  to: number;
}

const turns: Span[] = [];
const collections: Span[] = [];
let watched = false;

/** Times all that runs by the gateway's timer and at the end of its turns, which is where a sweep is. */
function timed(task: () => void): () => void {
  return () => {
    const from = performance.now();
    task();
    if (watched) turns.push({ from, to: performance.now() });
  };
}

const percentile = (sorted: readonly number[], part: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;

async function main(): Promise<void> {
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) collections.push({ from: startTime, to: startTime + duration });
  });
  observer.observe({ entryTypes: ['gc'] });
  const gateway = createGateway({
    clock: {
      ...systemClock,
      setTimeout: (task, delayMs) => systemClock.setTimeout(timed(task), delayMs),
      setImmediate: (task) => systemClock.setImmediate(timed(task)),
    },
    limits: { connectionsMax: 0, connectionsPerAddressMax: 0 },
    timings: { sweepIntervalMs: SWEEP_MS },
  });
  for (let n = 0; n < connections; n += 1) {
    const payload = { clientType: 'app-client' as const, groupId: `group-${Math.floor(n / PER_GROUP)}` };
    connectClient(gateway, { answersPings: true }).send({ type: 'identify', payload });
    if (n % 500 === 0) await new Promise(setImmediate);
  }
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  // Until nothing is announced any more.
  await pause(settleMs);
  watched = true;
  await pause(sweeps * SWEEP_MS);
  watched = false;
  await pause(100);
  observer.disconnect();

  const alone = ({ from, to }: Span) => !collections.some((gc) => gc.from < to && gc.to > from);
  const told = (title: string, spans: readonly Span[]) => {
    const sorted = spans.map(({ from, to }) => to - from).sort((a, b) => a - b);
    const whole = sorted.reduce((sum, ms) => sum + ms, 0);
    const numbers = [0.5, 0.99, 0.999, 1].map((part) => percentile(sorted, part)?.toFixed(2));
    console.log(`${title}: ${sorted.length}, ${whole.toFixed(0)} ms in all; p50, p99, p99.9, longest: ${numbers.join(', ')} ms`);
  };
  console.log(`${gateway.stats().connections} connections, ${sweeps} s`);
  told('slices without a collection of garbage', turns.filter(alone));
  told(
    'slices with one',
    turns.filter((turn) => !alone(turn)),
  );
  told('collections', collections);
  await gateway.close({ graceMs: 0 });
}

await main();
