import { ClosedLoop, Fleet } from 'gateway-cli/bench';
import type { Bench } from '../bench.js';
import type { FanParams, Metrics } from '../job.js';
import { cpuUs, idle, memoryKiB } from '../proc.js';

/** After the last delivery, a message that comes twice still shows. */
const AFTERMATH_MS = 50;

/** Messages at full rate within a window, to all members of their group. */
export async function fan(bench: Bench, params: FanParams): Promise<Metrics> {
  const { server, meter } = bench;
  const memoryBefore = memoryKiB(server.pid);
  const fleet = new Fleet(bench.context, {
    ...params,
    connections: params.groups * params.membersPerGroup,
    inFlightMax: params.window,
    groupPrefix: 'g',
    filling: params.deflate ? 'records' : undefined,
  });
  await bench.guard(fleet.open());
  const loop = new ClosedLoop(fleet.publishers(), params.window);
  await bench.run(loop, { durationMs: params.warmupMs });
  await idle(server.pid, 50);

  meter.reset();
  const own = process.cpuUsage();
  const cpuBefore = cpuUs(server.pid);
  const start = performance.now();
  await bench.run(loop, { durationMs: params.measureMs });
  const elapsedMs = performance.now() - start;
  await bench.pause(AFTERMATH_MS);
  const cpu = cpuUs(server.pid) - cpuBefore;
  const { user, system } = process.cpuUsage(own);

  const { deliveries, bytes } = meter;
  checkComplete(fleet, params.membersPerGroup);
  const { p50, p99, p999 } = meter.latency();
  return {
    cpuUs: cpu / deliveries,
    perSecond: deliveries / (elapsedMs / 1000),
    p50Us: p50,
    p99Us: p99,
    p999Us: p999,
    serverBusy: cpu / 1000 / elapsedMs,
    generatorBusy: (user + system) / 1000 / elapsedMs,
    deliveries,
    growthMiB: (memoryKiB(server.pid) - memoryBefore) / 1024,
    bytes: bytes / deliveries,
  };
}

/** @throws Error unless every member got every message of its group once. Order and repeats were checked at each delivery. */
function checkComplete(fleet: Fleet, membersPerGroup: number): void {
  const due = fleet.ledgers.reduce((sum, ledger) => sum + ledger.sent, 0) * membersPerGroup;
  if (fleet.received !== due) throw new Error(`${fleet.received} deliveries where ${due} were due`);
}
