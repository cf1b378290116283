// The load generator's process: runs the jobs that are given as JSON, `lanes` of them at a time, each against a fresh server on the first of the cores
// given. Prints a line of JSON for each as it ends.
import { selfSigned } from '../../tests/shared-server/support/self-signed.js';
import { Bench } from './bench.js';
import { watchMachine } from './conditions.js';
import {
  GATEWAYS,
  type Job,
  type JobFailure,
  type JobResult,
  type Metrics,
  type Orders,
  REDIS_SCENARIOS,
  type Task,
} from './job.js';
import { OWN_CLIENTS } from './peers/own-clients.js';
import { acked } from './scenarios/acked.js';
import { clientJitter } from './scenarios/client-jitter.js';
import { fan } from './scenarios/fan.js';
import { idleMemory } from './scenarios/idle.js';
import { jitter } from './scenarios/jitter.js';
import { killedNode } from './scenarios/killed-node.js';
import { nodes } from './scenarios/nodes.js';
import { open } from './scenarios/open.js';
import { quiet } from './scenarios/quiet.js';
import { reconnect } from './scenarios/reconnect.js';
import { redisMemory } from './scenarios/redis-memory.js';
import { replay } from './scenarios/replay.js';
import { resubscribe } from './scenarios/resubscribe.js';
import { resume } from './scenarios/resume.js';
import { slow } from './scenarios/slow.js';
import { storm } from './scenarios/storm.js';
import { ServerProcess } from './server-process.js';

const { jobs, cores, lanes } = JSON.parse(process.argv[2]!) as Orders;

/** Scenarios for which a server keeps what clients miss, where that is an option of it. */
const RECOVERING: ReadonlySet<string> = new Set<Task['scenario']>(['resume', 'jitter', 'client-jitter']);

function runTask(
  { server: name, task }: Job,
  server: ServerProcess,
  cores: readonly string[],
  tls: { cert: string } | undefined,
): Promise<Metrics> {
  switch (task.scenario) {
    case 'fan':
      return fan(new Bench(name, server, { echo: task.params.echo, deflate: task.params.deflate }), task.params);
    case 'idle':
      return idleMemory(new Bench(name, server, { version: task.params.version }), task.params);
    case 'quiet':
      return quiet(new Bench(name, server, { version: task.params.version }), task.params);
    case 'open':
      return open(new Bench(name, server), task.params);
    case 'reconnect':
      return reconnect(new Bench(name, server, { ca: tls?.cert }), task.params);
    case 'resume':
      // A plain server has nobody who can come back as who he was: what that costs is to be seen beside its reconnect.
      if (!GATEWAYS.includes(name)) return reconnect(new Bench(name, server), task.params);
      return resume(new Bench(name, server, { version: '2' }), task.params);
    case 'acked':
      return acked(new Bench(name, server, { version: '2' }), task.params);
    case 'replay':
      return replay(new Bench(name, server, { version: '2' }), task.params);
    case 'jitter':
      return jitter(new Bench(name, server, { version: '2' }), task.params);
    case 'client-jitter':
      return clientJitter(new Bench(name, server), OWN_CLIENTS[name as keyof typeof OWN_CLIENTS], task.params);
    case 'storm':
      return storm(new Bench(name, server, { storm: true }), task.params);
    case 'slow':
      return slow(new Bench(name, server), task.params);
    case 'nodes':
      return nodes(name, cores, task.params);
    case 'killed-node':
      return killedNode(name, cores, task.params);
    case 'redis-memory':
      return redisMemory(name, cores, task.params);
    case 'resubscribe':
      return resubscribe(cores, task.params);
  }
}

async function run(job: Job): Promise<JobResult | JobFailure> {
  const { caseId, server: name } = job;
  let server: ServerProcess | undefined;
  try {
    const { scenario, params } = job.task;
    const tls = 'tls' in params && params.tls ? selfSigned() : undefined;
    const flags = [
      ...(RECOVERING.has(scenario) ? ['--recovery'] : []),
      ...('deflate' in params && params.deflate ? ['--deflate'] : []),
      ...(tls ? ['--tls', JSON.stringify(tls)] : []),
    ];
    // Cases with several servers start them by themselves, and this one only says its version.
    server = await ServerProcess.start(name, cores[0]!, flags);
    // Jobs at the same time would be each other's noise; and where there are several servers, all but this one would count as others.
    const conditions = lanes === 1 && !REDIS_SCENARIOS.has(scenario) ? watchMachine(server.pid) : () => ({});
    const metrics = await runTask(job, server, cores, tls);
    return { caseId, server: name, version: server.version, metrics: { ...metrics, ...conditions() } };
  } catch (error) {
    return { caseId, server: name, message: (error as Error).message };
  } finally {
    await server?.stop();
  }
}

const line = [...jobs];
const lane = async () => {
  for (let job = line.shift(); job !== undefined; job = line.shift()) console.log(JSON.stringify(await run(job)));
};
await Promise.all(Array.from({ length: lanes }, lane));
// Connections that a scenario left open would keep the process.
process.exit();
