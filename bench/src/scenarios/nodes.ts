import { ClosedLoop, Paced } from 'gateway-cli/bench';
import { Cluster, Crowd } from '../cluster.js';
import type { Metrics, NodesParams, ServerName } from '../job.js';
import { cpuUs, idle } from '../proc.js';

/** What is sent at a given rate may still be on its way for so long. */
const AFTERMATH_MS = 1_000;

/**
 * Groups that are on both of two servers, at full rate and then at half of it. The same product alone, with all members on one server and
 * nothing shared, is measured beside it at the same rates: what two do more than one, and what Redis adds to the latency, is told by that.
 */
export async function nodes(name: ServerName, cores: readonly string[], params: NodesParams): Promise<Metrics> {
  const shared = await Cluster.start(name, 2, cores);
  const two = await measured(shared, params, undefined).finally(() => shared.stop());
  const lone = await Cluster.alone(name, cores);
  const one = await measured(lone, params, two.half).finally(() => lone.stop());
  return {
    redisUs: two.redisUs,
    perRedisCore: 1e6 / two.redisUs,
    cpuUs: two.nodeUs,
    aloneUs: one.nodeUs,
    scaling: (2 * one.nodeUs) / two.nodeUs,
    messages: two.perSecond,
    perSecond: two.perSecond * params.membersPerGroup,
    halfP50Us: two.p50,
    halfP99Us: two.p99,
    aloneP50Us: one.p50,
    aloneP99Us: one.p99,
  };
}

interface Measured {
  /** Redis' CPU for each message, and the servers' together for each delivery. */
  redisUs: number;
  nodeUs: number;
  /** Messages per second at full rate. */
  perSecond: number;
  /** Half of it, at which the latencies are. */
  half: number;
  p50: number;
  p99: number;
}

/** @param rate of the latencies. Default: half of the full one. */
async function measured(cluster: Cluster, params: NodesParams, rate: number | undefined): Promise<Measured> {
  const { bench, redis, servers } = cluster;
  const { groups, membersPerGroup, window, dataBytes, warmupMs, measureMs } = params;
  const crowd = new Crowd(cluster.contexts, groups, membersPerGroup, Math.max(window, 64));
  await bench.guard(crowd.open());
  const publishers = crowd.publishers(dataBytes);
  const loop = new ClosedLoop(publishers, window);
  await bench.run(loop, { durationMs: warmupMs });
  const settle = async () => {
    for (const { pid } of servers) await bench.guard(idle(pid, 50));
  };
  await settle();

  const cpuOf = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + cpuUs(pid), 0);
  const pids = servers.map(({ pid }) => pid);
  const before = { redis: redis ? cpuUs(redis.pid) : 0, nodes: cpuOf(pids), sent: crowd.sent };
  const start = performance.now();
  await bench.run(loop, { durationMs: measureMs });
  const elapsedMs = performance.now() - start;
  const messages = crowd.sent - before.sent;
  const redisUs = redis ? (cpuUs(redis.pid) - before.redis) / messages : 0;
  const nodeUs = (cpuOf(pids) - before.nodes) / (messages * membersPerGroup);
  const perSecond = messages / (elapsedMs / 1000);

  await settle();
  bench.meter.reset();
  const half = rate ?? perSecond / 2;
  const paced = new Paced(publishers, half);
  await bench.guard(paced.run(measureMs));
  await bench.pause(AFTERMATH_MS);
  if (crowd.received !== crowd.sent * membersPerGroup)
    throw new Error(`${crowd.received} deliveries where ${crowd.sent * membersPerGroup} were due`);
  return { redisUs, nodeUs, perSecond, half, ...bench.meter.latency() };
}
