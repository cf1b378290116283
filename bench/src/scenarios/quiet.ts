import { Fleet, keepAlive } from 'gateway-cli/bench';
import type { Bench } from '../bench.js';
import type { Metrics, QuietParams } from '../job.js';
import { cpuOfAllUs, idle } from '../proc.js';

/**
 * CPU of connections on which nothing is said: clients that send their heartbeats as often as the server asks for, and then the same clients
 * when they only answer its pings. A server that asks for nothing is sent nothing; whoever pings is answered.
 */
export async function quiet(bench: Bench, params: QuietParams): Promise<Metrics> {
  const { server, context } = bench;
  const { groups, membersPerGroup, quietMs } = params;
  const connections = groups * membersPerGroup;
  let intervalMs = 0;
  context.onReady = (text) => {
    context.onReady = undefined;
    intervalMs = text.startsWith('{') ? JSON.parse(text).payload.heartbeat.intervalMs : 0;
  };
  const fleet = new Fleet(context, { groups, connections, dataBytes: 128, inFlightMax: 1, groupPrefix: 'g' });
  await bench.guard(fleet.open());
  await bench.guard(idle(server.pid));
  await server.collectGarbage();

  const measured = async () => {
    // What was said while they joined still counts as a sign of life.
    await bench.pause(Math.min(intervalMs, quietMs));
    const cpuBefore = cpuOfAllUs(server.pid);
    const start = performance.now();
    await bench.pause(quietMs);
    const seconds = (performance.now() - start) / 1000;
    return (cpuOfAllUs(server.pid) - cpuBefore) / connections / seconds;
  };
  const heartbeat = context.dialect.heartbeat();
  const stop = heartbeat !== undefined && intervalMs > 0 ? keepAlive(fleet.clients, heartbeat, intervalMs) : () => {};
  const withHeartbeats = await measured();
  stop();
  return { cpuUs: withHeartbeats, pingedUs: intervalMs > 0 ? await measured() : withHeartbeats, connections };
}
