import { Client, type ClientContext, enter, forAll, Ledger, Paced, Publisher } from 'gateway-cli/bench';
import type { Bench } from '../bench.js';
import type { JitterParams, Metrics } from '../job.js';
import { cpuUs } from '../proc.js';

/** Broadcasts before the first client is cut: who has got nothing has no place in the log to come back to. */
const FIRST_MESSAGES = 2;
/** Nothing came for this long, or what has not come to somebody who is back: it is lost. */
const PATIENCE_MS = 2_000;

/**
 * Clients on a bad network: each is cut at its turn within every `everyMs`, stays away for `awayMs`, and comes back as the member that it
 * was, while one who stays broadcasts. Of each client's messages it is counted which are missing, doubled or out of order, in the end and after all
 * have come back. The delay of a return counts from when the client begins to connect, to the last message that was published before.
 */
export async function jitter(bench: Bench, params: JitterParams): Promise<Metrics> {
  const { server } = bench;
  const { members, perSecond, dataBytes, durationMs } = params;
  const total = Math.ceil((durationMs * perSecond) / 1000) + 1;
  const ledger = new Ledger('g0', total);
  // Lost, doubled and late messages are what is counted here.
  const onFault: ClientContext['onFault'] = (fault, client) => {
    if (fault.kind === 'refused' || fault.kind === 'ended' || fault.kind === 'mangled') bench.context.onFault(fault, client);
  };
  const context = { ...bench.context, onFault };
  const host = new Client(context, [ledger]);
  const clients = Array.from({ length: members }, () => new Client(context, [ledger], { resumes: true }));
  await bench.guard(forAll([host, ...clients], enter));

  const cpuBefore = cpuUs(server.pid);
  const start = performance.now();
  const back: Returns = { count: 0, delays: [] };
  const leadMs = (FIRST_MESSAGES * 1000) / perSecond;
  const lives = clients.map((client, i) => live(bench, client, ledger, back, params, leadMs + (params.everyMs * i) / members));
  const paced = new Paced([new Publisher(host, ledger, context.dialect, dataBytes)], perSecond);
  await bench.guard(paced.run(durationMs));
  await bench.guard(Promise.all(lives));
  await settle(bench, clients);
  const elapsedMs = performance.now() - start;

  const { count, delays } = back;
  delays.sort((a, b) => a - b);
  const sum = (of: (client: Client) => number) => clients.reduce((all, client) => all + of(client), 0);
  const missing = sum(({ receipts }) => receipts.lost + receipts.outstanding);
  return {
    backP50Ms: delays[Math.floor(delays.length * 0.5)] ?? 0,
    backP99Ms: delays[Math.floor(delays.length * 0.99)] ?? 0,
    returns: count,
    resumed: sum(({ standing }) => standing!.returns),
    delivered: 1 - missing / (members * ledger.sent),
    missing,
    doubled: sum(({ receipts }) => receipts.repeated),
    late: sum(({ receipts }) => receipts.late),
    serverBusy: (cpuUs(server.pid) - cpuBefore) / 1000 / elapsedMs,
  };
}

/** How often clients came back, and how long it took those who got everything, in milliseconds. */
interface Returns {
  count: number;
  delays: number[];
}

/** One client's comings and goings, for as long as there is time for a whole one. */
async function live(
  bench: Bench,
  client: Client,
  ledger: Ledger,
  back: Returns,
  { everyMs, awayMs, durationMs }: JitterParams,
  offsetMs: number,
): Promise<void> {
  const start = performance.now();
  for (let cutAt = offsetMs; cutAt + awayMs < durationMs; cutAt += everyMs) {
    await bench.pause(Math.max(0, start + cutAt - performance.now()));
    client.leave();
    await bench.pause(awayMs);
    const backAt = performance.now();
    const { sent } = ledger;
    await enter(client);
    back.count++;
    // Who came back as somebody else may never get it, and has no delay then but messages that are missing.
    const all = client.until(sent).then(() => true);
    const patience = bench.pause(PATIENCE_MS).then(() => false);
    if (await Promise.race([all, patience])) back.delays.push(performance.now() - backAt);
  }
}

/** Waits until every client has everything, or nothing comes any more. */
async function settle(bench: Bench, clients: readonly Client[]): Promise<void> {
  const received = () => clients.reduce((sum, { receipts }) => sum + receipts.received, 0);
  let before = -1;
  while (clients.some(({ receipts }) => receipts.outstanding > 0) && received() !== before) {
    before = received();
    await bench.pause(PATIENCE_MS);
  }
  // What comes twice still shows.
  await bench.pause(50);
}
