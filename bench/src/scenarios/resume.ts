import { Client, ClosedLoop, enter, Fleet, forAll, Publisher } from 'gateway-cli/bench';
import type { Bench } from '../bench.js';
import type { Metrics, ResumeParams } from '../job.js';
import { cpuUs, idle } from '../proc.js';

const WINDOW = 64;
const DATA_BYTES = 128;

/**
 * All members drop and come back at once as the members that they were, each with its token and its place in the log, and are replayed the
 * `missed` messages that somebody who stayed has published in each group meanwhile. It is the second time, as in the scenario `reconnect`. Fails where one of
 * them was not resumed, or has not got everything.
 */
export async function resume(bench: Bench, { groups, membersPerGroup, missed }: ResumeParams): Promise<Metrics> {
  const { server, context } = bench;
  const connections = groups * membersPerGroup;
  const options = { groups, connections, dataBytes: DATA_BYTES, inFlightMax: WINDOW, groupPrefix: 'g', resumes: true };
  const fleet = new Fleet(context, options);
  const hosts = missed === 0 ? [] : fleet.ledgers.map((ledger) => new Client(context, [ledger]));
  await bench.guard(forAll([...fleet.clients, ...hosts], enter));
  await bench.run(new ClosedLoop(fleet.publishers(), WINDOW), { messages: groups });
  const publishers = hosts.map((host, i) => new Publisher(host, fleet.ledgers[i]!, context.dialect, DATA_BYTES));
  const everything = (clients: readonly Client[]) => Promise.all(clients.map((client) => client.until(fleet.ledgers[0]!.sent)));
  const publishMissed = async () => {
    for (let i = 0; i < missed; i++) for (const each of publishers) each.publish(performance.now());
    for (const each of publishers) each.flush();
    await everything(hosts);
  };
  const comeBack = async () => {
    fleet.drop();
    await bench.guard(publishMissed());
    await bench.guard(idle(server.pid));
    const presence = countPresence(fleet);
    await server.watchLoop();
    const cpuBefore = cpuUs(server.pid);
    const start = performance.now();
    await bench.guard(forAll(fleet.clients, enter));
    await bench.guard(everything(fleet.clients));
    const elapsedMs = performance.now() - start;
    await bench.guard(idle(server.pid));
    const cpu = cpuUs(server.pid) - cpuBefore;
    return {
      cpuUs: cpu / connections,
      perSecond: connections / (elapsedMs / 1000),
      messagesPerMember: (countPresence(fleet) - presence) / connections,
      blockMs: await server.longestBlockMs(),
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
