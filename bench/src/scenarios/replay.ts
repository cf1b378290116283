import { Client, enter, Fleet, forAll, gatewayDialect } from 'gateway-cli/bench';
import type { Bench } from '../bench.js';
import type { Metrics, ReplayParams } from '../job.js';
import { cpuUs, idle } from '../proc.js';

/** As many of a group's messages are published in one turn. */
const BURST = 50;

/**
 * Who comes late: members that are identified, and in no group yet, join one at its log's beginning, all at once. What is published before is counted for them,
 * so that each must get every message, once and in order.
 */
export async function replay(bench: Bench, { groups, membersPerGroup, messages, dataBytes }: ReplayParams): Promise<Metrics> {
  const { server, context, meter } = bench;
  // One of each group, who publishes.
  const options = { groups, connections: groups, dataBytes, inFlightMax: messages, groupPrefix: 'g', resumes: true };
  const fleet = new Fleet(context, options);
  await bench.guard(fleet.open());
  const identified = JSON.stringify({ type: 'identify', version: '2', payload: { clientType: 'app-client' } });
  const outside = { ...context, dialect: { ...gatewayDialect({ version: '2' }), join: () => identified } };
  const late = fleet.ledgers.flatMap((ledger) => Array.from({ length: membersPerGroup }, () => new Client(outside, [ledger])));
  await bench.guard(forAll(late, enter));

  const begins = fleet.clients.map(({ standing }) => ({ epoch: standing?.epoch, seq: standing?.position }));
  const publishers = fleet.publishers();
  for (let sent = 0; sent < messages; ) {
    for (let i = 0; i < BURST && sent < messages; i++, sent++) for (const each of publishers) each.publish(performance.now());
    for (const each of publishers) each.flush();
    await bench.guard(Promise.all(fleet.clients.map((client) => client.until(sent))));
  }
  await bench.guard(idle(server.pid, 50));

  meter.reset();
  const cpuBefore = cpuUs(server.pid);
  const start = performance.now();
  for (const [i, client] of late.entries()) {
    const group = Math.floor(i / membersPerGroup);
    client.send(JSON.stringify({ type: 'join', payload: { groupId: `g${group}`, since: begins[group] } }));
  }
  await bench.guard(Promise.all(late.map((client) => client.until(messages))));
  const elapsedMs = performance.now() - start;
  await bench.guard(idle(server.pid, 50));
  const cpu = cpuUs(server.pid) - cpuBefore;
  const due = late.length * messages;
  if (meter.deliveries !== due) throw new Error(`${meter.deliveries} deliveries where ${due} were due`);
  return { cpuUs: cpu / due, perSecond: due / (elapsedMs / 1000), replayMs: elapsedMs };
}
