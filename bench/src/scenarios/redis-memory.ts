import { Fleet } from 'gateway-cli/bench';
import { Cluster } from '../cluster.js';
import type { CrowdParams, Metrics, ServerName } from '../job.js';
import { idle } from '../proc.js';

/** What Redis holds for a group that nothing was said in, and for each of its members. */
export async function redisMemory(
  name: ServerName,
  cores: readonly string[],
  { groups, membersPerGroup }: CrowdParams,
): Promise<Metrics> {
  const cluster = await Cluster.start(name, 1, cores, { version: '2' });
  const { bench, redis, servers } = cluster;
  const fill = async (connections: number) => {
    const shape = { groups, connections, dataBytes: 128, inFlightMax: 1, groupPrefix: 'g' };
    await bench.guard(new Fleet(bench.context, shape).open());
    await bench.guard(idle(servers[0]!.pid));
    return redis!.usedMemory();
  };
  try {
    const none = await redis!.usedMemory();
    const firsts = await fill(groups);
    const others = await fill(groups * (membersPerGroup - 1));
    const member = (others - firsts) / (groups * (membersPerGroup - 1));
    return { groupBytes: (firsts - none) / groups - member, memberBytes: member };
  } finally {
    await cluster.stop();
  }
}
