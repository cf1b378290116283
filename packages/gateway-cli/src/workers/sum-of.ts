import type { GatewayStats } from 'gateway-core';

const NONE: GatewayStats = {
  connections: 0,
  closing: 0,
  droppedMembers: 0,
  groups: 0,
  logBytes: 0,
  connectionsTotal: 0,
  refusedTotal: 0,
  messagesInTotal: 0,
  bytesInTotal: 0,
  publishedTotal: 0,
  deliveredTotal: 0,
  errorsSentTotal: 0,
  slowConsumersTotal: 0,
  resetsTotal: 0,
  passedOverTotal: 0,
  lostTotal: 0,
  gapsTotal: 0,
};

/** What several gateways count, together. A group counts once for each gateway that has members in it. */
export function sumOf(all: readonly GatewayStats[]): GatewayStats & { workers: number } {
  const names = Object.keys(NONE) as (keyof GatewayStats)[];
  const sums = names.map((name) => [name, all.reduce((sum, stats) => sum + stats[name], 0)]);
  return { workers: all.length, ...(Object.fromEntries(sums) as GatewayStats) };
}
