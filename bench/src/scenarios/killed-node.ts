import { type Client, ClosedLoop, forAll } from 'gateway-cli/bench';
import { Cluster, Crowd } from '../cluster.js';
import type { CrowdParams, Metrics, ServerName } from '../job.js';
import { cpuUs } from '../proc.js';

const WINDOW = 64;

/**
 * One of two servers is killed, and its clients come to the other one at once: with their tokens and their places in the log, where the
 * product has them. All are served again when each is a member of its group there.
 */
export async function killedNode(
  name: ServerName,
  cores: readonly string[],
  { groups, membersPerGroup }: CrowdParams,
): Promise<Metrics> {
  const cluster = await Cluster.start(name, 2, cores, { version: '2' }, ['--recovery']);
  const { bench, redis, servers, contexts } = cluster;
  const [doomed, heir] = servers as [(typeof servers)[0], (typeof servers)[0]];
  let killed = false;
  // Whose server is killed hears of it by the end of its connection.
  for (const context of contexts) {
    context.onFault = (fault, client) => {
      if (!killed || fault.kind !== 'ended') bench.context.onFault(fault, client);
    };
  }
  try {
    // All are on the first one.
    const crowd = new Crowd(contexts.slice(0, 1), groups, membersPerGroup, WINDOW, { resumes: true });
    await bench.guard(crowd.open());
    await bench.run(new ClosedLoop(crowd.publishers(128), WINDOW), { messages: groups });
    killed = true;
    process.kill(doomed.pid, 'SIGKILL');
    await ended(crowd.clients);
    contexts[0]!.target = contexts[1]!.target;
    const before = { redis: cpuUs(redis!.pid), heir: cpuUs(heir.pid) };
    const start = performance.now();
    await bench.guard(forAll(crowd.clients, back));
    const servedMs = performance.now() - start;
    const connections = crowd.clients.length;
    return {
      servedMs,
      cpuUs: (cpuUs(heir.pid) - before.heir) / connections,
      redisUs: (cpuUs(redis!.pid) - before.redis) / connections,
      redisBusy: (cpuUs(redis!.pid) - before.redis) / 1000 / servedMs,
      resumed: crowd.clients.filter(({ standing }) => standing?.returns === 1).length,
      connections,
    };
  } finally {
    await cluster.stop();
  }
}

async function back(client: Client): Promise<void> {
  await client.connect();
  await client.join();
}

async function ended(clients: readonly Client[]): Promise<void> {
  while (clients.some(({ isConnected }) => isConnected)) await new Promise((resolve) => setTimeout(resolve, 5));
}
