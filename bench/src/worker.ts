// The load generator's process: runs the jobs given as JSON, each against a fresh server on the first of the cores given, and prints one JSON line
// for each.
import { Bench } from './bench.js';
import type { Job, JobResult, Metrics, Task } from './job.js';
import { OWN_CLIENTS } from './peers/own-clients.js';
import { acked } from './scenarios/acked.js';
import { clientJitter } from './scenarios/client-jitter.js';
import { fan } from './scenarios/fan.js';
import { idleMemory } from './scenarios/idle.js';
import { jitter } from './scenarios/jitter.js';
import { killedNode } from './scenarios/killed-node.js';
import { nodes } from './scenarios/nodes.js';
import { reconnect } from './scenarios/reconnect.js';
import { redisMemory } from './scenarios/redis-memory.js';
import { replay } from './scenarios/replay.js';
import { resubscribe } from './scenarios/resubscribe.js';
import { resume } from './scenarios/resume.js';
import { slow } from './scenarios/slow.js';
import { storm } from './scenarios/storm.js';
import { ServerProcess } from './server-process.js';

/** Scenarios for which a server keeps what clients miss, where that is an option of it. */
const RECOVERING: ReadonlySet<string> = new Set<Task['scenario']>(['resume', 'jitter', 'client-jitter']);

function runTask({ server: name, task }: Job, server: ServerProcess, cores: readonly number[]): Promise<Metrics> {
  switch (task.scenario) {
    case 'fan':
      return fan(new Bench(name, server, { echo: task.params.echo }), task.params);
    case 'idle':
      return idleMemory(new Bench(name, server, { version: task.params.version }), task.params);
    case 'reconnect':
      return reconnect(new Bench(name, server), task.params);
    case 'resume':
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

async function run(job: Job, cores: readonly number[]): Promise<JobResult> {
  const recovery = RECOVERING.has(job.task.scenario) ? ['--recovery'] : [];
  // Cases with several servers start them by themselves, and this one only says its version.
  const server = await ServerProcess.start(job.server, cores[0]!, recovery);
  try {
    return { caseId: job.caseId, server: job.server, version: server.version, metrics: await runTask(job, server, cores) };
  } finally {
    await server.stop();
  }
}

const [jobs = '[]', serverCores = '0'] = process.argv.slice(2);
try {
  for (const job of JSON.parse(jobs) as Job[]) console.log(JSON.stringify(await run(job, serverCores.split(',').map(Number))));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
// Connections that a scenario left open would keep the process.
process.exit();
