import { Client, forAll, Ledger } from 'gateway-cli/bench';
import type { Bench } from '../bench.js';
import type { Metrics } from '../job.js';
import { cpuUs, idle } from '../proc.js';

/** Without a presence message for this long after everybody was told, all has been said. Longer than any server coalesces. */
const QUIET_MS = 300;

/**
 * Everybody joins one group at once; then half leave at once. What all are told of it is counted: a server that announces each one
 * sends messages in the square of the members, one that coalesces a few to each.
 */
export async function storm(bench: Bench, { members }: { members: number }): Promise<Metrics> {
  const { server, context } = bench;
  const ledger = new Ledger('stage', 1);
  const clients = Array.from({ length: members }, () => new Client(context, [ledger]));
  await bench.guard(forAll(clients, (client) => client.connect()));
  await bench.guard(idle(server.pid));

  const cpuBefore = cpuUs(server.pid);
  const start = performance.now();
  await bench.guard(Promise.all(clients.map((client) => client.join())));
  const told = await allTold(bench, clients, 0);
  const joinMs = told.lastChange - start;
  const joinMessages = told.messages;

  const staying = clients.slice(members / 2);
  const before = countPresence(staying);
  const leaveStart = performance.now();
  for (const client of clients.slice(0, members / 2)) client.leave(1000);
  const after = await allTold(bench, staying, before);
  await bench.guard(idle(server.pid));
  return {
    cpuUs: (cpuUs(server.pid) - cpuBefore) / members,
    messagesPerMember: countPresence(clients) / members,
    joinMessages,
    leaveMessages: countPresence(clients) - joinMessages,
    joinMs,
    leaveMs: after.lastChange - leaveStart,
  };
}

const countPresence = (clients: readonly Client[]) => clients.reduce((sum, client) => sum + client.presence, 0);

/**
 * Waits until the clients have got, on average, one presence message beyond the `before` that they have together, and then no more for
 * a while. Answers how many they have got in all and when the last came.
 */
async function allTold(
  bench: Bench,
  clients: readonly Client[],
  before: number,
): Promise<{ messages: number; lastChange: number }> {
  let messages = before;
  let lastChange = performance.now();
  while (messages < before + clients.length || performance.now() - lastChange < QUIET_MS) {
    await bench.pause(20);
    const now = countPresence(clients);
    if (now !== messages) lastChange = performance.now();
    messages = now;
  }
  return { messages, lastChange };
}
