import type { Durations } from './durations.js';
import type { GatewayMetrics, GatewayStats } from './gateway-info.js';
import type { Hub } from './hub.js';
import type { Tally } from './tally.js';

/** What is measured beside `stats()`, in one pass over the connections, which makes nothing for each. */
export function metricsOf(
  stats: GatewayStats,
  hub: Hub,
  { closes, errors, syncs, resumes, bytesOut }: Tally,
  durations: Durations,
): GatewayMetrics {
  let bytesOutTotal = bytesOut;
  let unidentified = 0;
  let lagMax = 0;
  const identified = { '1': 0, '2': 0 };
  for (const connection of hub.values()) {
    bytesOutTotal += connection.bytesOut;
    if (connection.member === undefined) unidentified += 1;
    else identified[connection.dialect === 2 ? '2' : '1'] += 1;
    for (const { group, cursor } of connection.memberships) lagMax = Math.max(lagMax, group.position.seq - cursor);
  }
  return {
    ...stats,
    unidentified,
    identified,
    lagMax,
    bytesOutTotal,
    resumesTotal: resumes,
    closesTotal: { ...closes },
    errorsTotal: { ...errors },
    syncsTotal: { ...syncs },
    durations: Object.fromEntries([...durations.byName].map(([name, of]) => [name, { ...of, buckets: [...of.buckets] }])),
  };
}
