import { Fleet } from 'gateway-cli/bench';
import type { Bench } from '../bench.js';
import type { IdleParams, Metrics } from '../job.js';
import { idle, memoryKiB } from '../proc.js';

/** What a server takes once, for code and pools, is taken by this many groups before the count begins. */
const FIRST_GROUPS_SHARE = 0.1;

async function settledMemory(bench: Bench): Promise<number> {
  await bench.guard(idle(bench.server.pid));
  await bench.server.collectGarbage();
  await bench.guard(idle(bench.server.pid));
  return memoryKiB(bench.server.pid);
}

/** Memory per connection that is a member of a group and does nothing, and what is left of it when they have gone. */
export async function idleMemory(bench: Bench, { groups, membersPerGroup, goneMs }: IdleParams): Promise<Metrics> {
  const fleetOf = (count: number, groupPrefix: string) =>
    new Fleet(bench.context, {
      groups: count,
      connections: count * membersPerGroup,
      dataBytes: 128,
      inFlightMax: 1,
      groupPrefix,
    });
  const first = fleetOf(Math.ceil(groups * FIRST_GROUPS_SHARE), 'first');
  await bench.guard(first.open());
  const before = await settledMemory(bench);
  const fleet = fleetOf(groups, 'g');
  await bench.guard(fleet.open());
  const after = await settledMemory(bench);
  const { clients } = fleet;
  fleet.drop();
  // Until then, members that may come back are kept.
  await bench.pause(goneMs);
  const gone = await settledMemory(bench);
  return { memoryKiB: (after - before) / clients.length, goneRatio: gone / before, connections: clients.length };
}
