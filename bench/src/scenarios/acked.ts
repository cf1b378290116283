import { ClosedLoop, Fleet, gatewayDialect, Publisher } from 'gateway-cli/bench';
import type { Bench } from '../bench.js';
import type { AckedParams, Metrics } from '../job.js';
import { cpuUs, idle } from '../proc.js';

/** Of each kind: in turns, so that a change of the machine's mood hits both. */
const ROUNDS = 3;

/**
 * The echo with an `id`, which is acknowledged and kept as the message's idempotency key, beside the same one without, on the same
 * connections. Fails where a message was not acknowledged.
 */
export async function acked(bench: Bench, params: AckedParams): Promise<Metrics> {
  const { connections, dataBytes, warmupMs, measureMs } = params;
  const options = { groups: connections, connections, dataBytes, inFlightMax: connections, groupPrefix: 'g' };
  const fleet = new Fleet(bench.context, options);
  await bench.guard(fleet.open());
  const plainLoop = new ClosedLoop(fleet.publishers(), connections);
  const dialect = gatewayDialect({ version: '2', acks: true });
  const publishers = fleet.clients.map((client, i) => new Publisher(client, fleet.ledgers[i]!, dialect, dataBytes));
  const ackedLoop = new ClosedLoop(publishers, connections);
  const acks = () => fleet.clients.reduce((sum, client) => sum + client.acks, 0);

  const plain = { cpu: 0, deliveries: 0 };
  const withId = { cpu: 0, deliveries: 0 };
  await bench.run(plainLoop, { durationMs: warmupMs });
  const sent = await sentBy(fleet, () => bench.run(ackedLoop, { durationMs: warmupMs }));
  let due = sent;
  for (let round = 0; round < ROUNDS; round++) {
    await measure(bench, plainLoop, measureMs / ROUNDS, plain);
    due += await sentBy(fleet, () => measure(bench, ackedLoop, measureMs / ROUNDS, withId));
  }
  if (acks() !== due) throw new Error(`${acks()} acknowledgements where ${due} were due`);
  const cpuUsPlain = plain.cpu / plain.deliveries;
  const cpuUsAcked = withId.cpu / withId.deliveries;
  return { cpuUs: cpuUsAcked, cpuUsPlain, ackRatio: cpuUsAcked / cpuUsPlain };
}

async function measure(
  bench: Bench,
  loop: ClosedLoop,
  durationMs: number,
  sum: { cpu: number; deliveries: number },
): Promise<void> {
  const { server, meter } = bench;
  await idle(server.pid, 50);
  meter.reset();
  const cpuBefore = cpuUs(server.pid);
  await bench.run(loop, { durationMs });
  // The last acknowledgements may come after their messages.
  await idle(server.pid, 50);
  sum.cpu += cpuUs(server.pid) - cpuBefore;
  sum.deliveries += meter.deliveries;
}

/** How many messages were published meanwhile. */
async function sentBy({ ledgers }: Fleet, work: () => Promise<void>): Promise<number> {
  const sent = () => ledgers.reduce((sum, ledger) => sum + ledger.sent, 0);
  const before = sent();
  await work();
  return sent() - before;
}
