import { ClosedLoop, enter, Fleet, forAll } from 'gateway-cli/bench';
import type { Bench } from '../bench.js';
import type { CrowdParams, Metrics } from '../job.js';
import { cpuUs, idle } from '../proc.js';

const WINDOW = 64;

/**
 * All members drop and come back at once as the members that they were, each with its token and its place in the log, which has one
 * message. It is the second time, as in the scenario `reconnect`. Fails where one of them was not resumed.
 */
export async function resume(bench: Bench, { groups, membersPerGroup }: CrowdParams): Promise<Metrics> {
  const { server, context } = bench;
  const connections = groups * membersPerGroup;
  const options = { groups, connections, dataBytes: 128, inFlightMax: WINDOW, groupPrefix: 'g', resumes: true };
  const fleet = new Fleet(context, options);
  await bench.guard(fleet.open());
  await bench.run(new ClosedLoop(fleet.publishers(), WINDOW), { messages: groups });
  const comeBack = async () => {
    fleet.drop();
    await bench.guard(idle(server.pid));
    const presence = countPresence(fleet);
    const cpuBefore = cpuUs(server.pid);
    const start = performance.now();
    await bench.guard(forAll(fleet.clients, enter));
    const elapsedMs = performance.now() - start;
    await bench.guard(idle(server.pid));
    return {
      cpuUs: (cpuUs(server.pid) - cpuBefore) / connections,
      perSecond: connections / (elapsedMs / 1000),
      messagesPerMember: (countPresence(fleet) - presence) / connections,
      connections,
    };
  };
  await comeBack();
  const measured = await comeBack();
  const strangers = fleet.clients.filter(({ standing }) => standing?.returns !== 2).length;
  if (strangers > 0) throw new Error(`${strangers} of ${connections} were not resumed`);
  return measured;
}

const countPresence = ({ clients }: Fleet) => clients.reduce((sum, { presence }) => sum + presence, 0);
