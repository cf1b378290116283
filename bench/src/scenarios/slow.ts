import { Client, ClosedLoop, Fleet, forAll, type Latency, Publisher } from 'gateway-cli/bench';
import type { Bench } from '../bench.js';
import type { Metrics, SlowParams } from '../job.js';
import { cpuUs, idle, memoryKiB } from '../proc.js';

/** Size and number in flight of the messages that fill the kernel's buffers. */
const FILLER_BYTES = 64 * 1024;
const FILLER_WINDOW = 2;
const SAMPLE_MS = 20;
const READ_UP_MS = 300;

/**
 * Members who do not read: what do the others notice of it, and what does it cost the server? The same load is measured without them
 * and with them, after the kernel's buffers for them are full; the server's memory is followed from when they stopped reading. In the
 * end they read again, and either get everything, learn that they lost something, or do not. Fails where a member that reads lost anything.
 */
export async function slow(bench: Bench, params: SlowParams): Promise<Metrics> {
  const { server, context } = bench;
  const healthy = params.membersPerGroup - params.slowMembers;
  const fleet = new Fleet(context, {
    ...params,
    groups: 1,
    connections: healthy,
    inFlightMax: params.window,
    groupPrefix: 'g',
  });
  await bench.guard(fleet.open());
  const ledger = fleet.ledgers[0]!;
  const loop = new ClosedLoop(fleet.publishers(), params.window);
  await bench.run(loop, { durationMs: params.warmupMs });
  const filler = new ClosedLoop([new Publisher(fleet.clients[0]!, ledger, context.dialect, FILLER_BYTES)], FILLER_WINDOW);
  const fill = () => bench.run(filler, { messages: Math.ceil(params.fillBytes / FILLER_BYTES) });
  // Both measurements come after the same, or the second would be compared with a server that had less behind it.
  await server.collectGarbage();
  await fill();
  const without = await measure(bench, loop, params.measureMs);

  const stuck = Array.from({ length: params.slowMembers }, () => new Client(context, [ledger], { lossy: true }));
  await bench.guard(
    forAll(stuck, async (client) => {
      await client.connect();
      await client.join();
      client.pause();
    }),
  );
  await server.collectGarbage();
  const memory = watchMemory(server.pid);
  await fill();
  const withSlow = await measure(bench, loop, params.measureMs);
  const growthKiB = memory.stop();
  if (fleet.received !== ledger.sent * healthy) throw new Error('a member that reads was not served to the end');

  for (const client of stuck) client.resume();
  await readUp(bench, stuck);
  const count = (is: (client: Client) => boolean) => stuck.filter(is).length;
  return {
    p50Ratio: withSlow.latency.p50 / without.latency.p50,
    p99Ratio: withSlow.latency.p99 / without.latency.p99,
    p50Us: withSlow.latency.p50,
    p99Us: withSlow.latency.p99,
    perSecond: withSlow.perSecond,
    cpuUs: withSlow.cpuUs,
    growthMiB: growthKiB / 1024,
    slowServed: count((client) => client.isCurrent),
    slowTold: count((client) => !client.isCurrent && wasTold(client)),
    slowSilent: count((client) => !client.isCurrent && !wasTold(client)),
  };
}

/** A close is loud too: the client knows that it has to reconnect, and from where. */
const wasTold = (client: Client) => client.gaps > 0 || !client.isConnected;

/** Waits until nothing new has come for a while to those who read again. */
async function readUp(bench: Bench, clients: readonly Client[]): Promise<void> {
  const progress = () =>
    clients.reduce((sum, client) => sum + client.receipts.received + client.gaps + (client.isConnected ? 0 : 1), 0);
  let before = -1;
  while (progress() !== before) {
    before = progress();
    await bench.pause(READ_UP_MS);
  }
}

async function measure(
  bench: Bench,
  loop: ClosedLoop,
  durationMs: number,
): Promise<{ latency: Latency; perSecond: number; cpuUs: number }> {
  const { server, meter } = bench;
  await idle(server.pid, 50);
  meter.reset();
  const cpuBefore = cpuUs(server.pid);
  const start = performance.now();
  await bench.run(loop, { durationMs });
  const seconds = (performance.now() - start) / 1000;
  const cpu = cpuUs(server.pid) - cpuBefore;
  return { latency: meter.latency(), perSecond: meter.deliveries / seconds, cpuUs: cpu / meter.deliveries };
}

/** Follows a process's memory from now on; `stop` answers by how many KiB it grew at most. */
function watchMemory(pid: number): { stop(): number } {
  const before = memoryKiB(pid);
  let peak = before;
  const sample = () => {
    peak = Math.max(peak, memoryKiB(pid));
  };
  const timer = setInterval(sample, SAMPLE_MS);
  return {
    stop() {
      clearInterval(timer);
      sample();
      return peak - before;
    },
  };
}
