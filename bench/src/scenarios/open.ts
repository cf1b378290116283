import {
  type Client,
  type ClientContext,
  ClosedLoop,
  enter,
  Fleet,
  type Latency,
  Paced,
  type Publisher,
} from 'gateway-cli/bench';
import type { Bench } from '../bench.js';
import type { Metrics, OpenParams } from '../job.js';
import { cpuUs, idle } from '../proc.js';

/** A publisher has at most this many seconds of its messages in flight; what is due beyond that is not sent, and fails the run. */
const IN_FLIGHT_S = 10;
/** After the last delivery, a message that comes twice still shows. */
const AFTERMATH_MS = 50;

/**
 * Latency as people see it: messages leave when they are due, whether the server has kept up or not (an open loop). Once at a rate that is the same for
 * all servers, and, where there is a window to find out its full rate with, at half of what this one takes. `returnsPerSecond` of the clients reconnect meanwhile.
 */
export async function open(bench: Bench, params: OpenParams): Promise<Metrics> {
  const { membersPerGroup, dataBytes, perSecond, window, returnsPerSecond = 0, warmupMs, measureMs } = params;
  // More than any server was ever seen to take.
  const inFlightMax = window === undefined ? Math.ceil(perSecond * IN_FLIGHT_S) : 100_000;
  // Who comes back may get what was published before it was back, and accepted after: it is awaited from nobody, and no fault.
  const onFault: ClientContext['onFault'] = (fault, client) => {
    if (fault.kind !== 'repeated' || returnsPerSecond === 0) bench.context.onFault(fault, client);
  };
  const context = { ...bench.context, onFault };
  const fleet = new Fleet(context, { groups: 1, connections: membersPerGroup, dataBytes, inFlightMax, groupPrefix: 'g' });
  await bench.guard(fleet.open());
  const publishers = fleet.publishers();
  // All but the publisher.
  const returning = fleet.clients.slice(1);
  const at = (rate: number) => paced(bench, fleet, publishers, rate, measureMs, returning, returnsPerSecond);
  if (window === undefined) {
    await at(perSecond);
    return at(perSecond);
  }
  const loop = new ClosedLoop(publishers, window);
  await bench.run(loop, { durationMs: warmupMs });
  const before = fleet.ledgers[0]!.sent;
  const start = performance.now();
  await bench.run(loop, { durationMs: warmupMs });
  const half = (fleet.ledgers[0]!.sent - before) / ((performance.now() - start) / 1000) / 2;
  const same = await at(perSecond);
  const own = await at(half);
  return {
    ...same,
    halfPerSecond: half,
    halfP50Us: own.p50Us,
    halfP99Us: own.p99Us,
    halfP999Us: own.p999Us,
    generatorBusy: Math.max(same.generatorBusy, own.generatorBusy),
  };
}

async function paced(
  bench: Bench,
  fleet: Fleet,
  publishers: readonly Publisher[],
  rate: number,
  durationMs: number,
  returning: readonly Client[],
  returnsPerSecond: number,
) {
  const { server, meter } = bench;
  await bench.guard(idle(server.pid, 50));
  meter.reset();
  const own = process.cpuUsage();
  const cpuBefore = cpuUs(server.pid);
  const start = performance.now();
  const load = new Paced(publishers, rate);
  const stopped = new AbortController();
  const returns = comeAndGo(bench, returning, returnsPerSecond, stopped.signal);
  returns.catch(() => {});
  await bench.guard(load.run(durationMs));
  stopped.abort();
  await bench.guard(returns);
  while (fleet.ledgers.some(({ inFlight }) => inFlight > 0)) await bench.pause(5);
  const elapsedMs = performance.now() - start;
  await bench.pause(AFTERMATH_MS);
  const { user, system } = process.cpuUsage(own);
  // What was not sent has no latency, and would flatter the rest.
  if (load.skipped > 0) throw new Error(`${load.skipped} messages were due and could not leave`);
  const { p50, p99, p999 }: Latency = meter.latency();
  return {
    cpuUs: (cpuUs(server.pid) - cpuBefore) / meter.deliveries,
    p50Us: p50,
    p99Us: p99,
    p999Us: p999,
    generatorBusy: (user + system) / 1000 / elapsedMs,
  };
}

/** Clients drop and come back in turns, so many in a second, until `signal` says stop. */
async function comeAndGo(bench: Bench, clients: readonly Client[], perSecond: number, signal: AbortSignal): Promise<void> {
  if (perSecond === 0) return;
  const start = performance.now();
  const under: Promise<void>[] = [];
  for (let turn = 0; !signal.aborted; turn++) {
    const client = clients[turn % clients.length]!;
    if (client.isMember) {
      client.leave();
      const back = enter(client);
      // Whoever waits for all of them is told.
      back.catch(() => {});
      under.push(back);
    }
    await bench.pause(Math.max(0, start + (turn * 1000) / perSecond - performance.now()));
  }
  await Promise.all(under);
}
