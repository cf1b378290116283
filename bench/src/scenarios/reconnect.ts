import { Fleet } from 'gateway-cli/bench';
import type { Bench } from '../bench.js';
import type { CrowdParams, Metrics } from '../job.js';
import { cpuUs, idle } from '../proc.js';

/** All members drop and come back at once, as after a network's hiccup: connect, upgrade, join. */
export async function reconnect(bench: Bench, { groups, membersPerGroup }: CrowdParams): Promise<Metrics> {
  const { server, context } = bench;
  const options = { groups, connections: groups * membersPerGroup, dataBytes: 128, inFlightMax: 1, groupPrefix: 'g' };
  const before = new Fleet(context, options);
  await bench.guard(before.open());
  before.drop();
  await bench.guard(idle(server.pid));

  const fleet = new Fleet(context, options);
  await server.watchLoop();
  const cpuBefore = cpuUs(server.pid);
  const start = performance.now();
  await bench.guard(fleet.open());
  const elapsedMs = performance.now() - start;
  await bench.guard(idle(server.pid));
  const cpu = cpuUs(server.pid) - cpuBefore;
  const blockMs = await server.longestBlockMs();
  const connections = fleet.clients.length;
  const presence = fleet.clients.reduce((sum, client) => sum + client.presence, 0);
  return {
    cpuUs: cpu / connections,
    perSecond: connections / (elapsedMs / 1000),
    messagesPerMember: presence / connections,
    blockMs,
    connections,
  };
}
