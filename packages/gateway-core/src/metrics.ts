import type { GatewayMetrics, GatewayStats } from './gateway-info.js';
import type { Groups } from './groups/groups.js';
import type { Hub } from './hub.js';
import type { PartTimeouts } from './part-timeouts.js';
import type { Tally } from './tally.js';

interface Measured {
  hub: Hub;
  groups: Groups;
  tally: Tally;
  timeouts: PartTimeouts;
  drain: { readonly begun: boolean };
}

/** What is measured beside `stats()`, in one pass over the connections and one over the groups, which make nothing for each. */
export function metricsOf(stats: GatewayStats, { hub, groups, tally, timeouts, drain }: Measured): GatewayMetrics {
  let bytesOutTotal = tally.bytesOut;
  let unidentified = 0;
  let lagMax = 0;
  const identified = { '1': 0, '2': 0 };
  for (const connection of hub.values()) {
    bytesOutTotal += connection.bytesOut;
    if (connection.member === undefined) unidentified += 1;
    else identified[connection.dialect === 2 ? '2' : '1'] += 1;
    for (const { group, cursor } of connection.memberships) lagMax = Math.max(lagMax, group.position.seq - cursor);
  }
  let presentMembers = 0;
  let presentGroups = 0;
  for (const { memberCount } of groups.values()) {
    presentMembers += memberCount;
    if (memberCount > 0) presentGroups += 1;
  }
  return {
    ...stats,
    unidentified,
    identified,
    lagMax,
    bytesOutTotal,
    resumesTotal: tally.resumes,
    closesTotal: { ...tally.closes },
    errorsTotal: { ...tally.errors },
    syncsTotal: { ...tally.syncs },
    syncResetsTotal: { ...tally.syncResets },
    presentMembers,
    presentGroups,
    joinsTotal: tally.joins,
    leavesTotal: tally.leaves,
    draining: drain.begun,
    durations: Object.fromEntries(
      [...timeouts.durations.byName].map(([name, of]) => [name, { ...of, buckets: [...of.buckets] }]),
    ),
  };
}
