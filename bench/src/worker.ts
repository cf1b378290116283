// The load generator's process: runs the jobs given as JSON, each against a fresh server on the core given, and prints one JSON line for each.
import { Bench } from './bench.js';
import type { Job, JobResult, Metrics } from './job.js';
import { fan } from './scenarios/fan.js';
import { idleMemory } from './scenarios/idle.js';
import { reconnect } from './scenarios/reconnect.js';
import { slow } from './scenarios/slow.js';
import { storm } from './scenarios/storm.js';
import { ServerProcess } from './server-process.js';

function runTask({ server: name, task }: Job, server: ServerProcess): Promise<Metrics> {
  switch (task.scenario) {
    case 'fan':
      return fan(new Bench(name, server, { echo: task.params.echo }), task.params);
    case 'idle':
      return idleMemory(new Bench(name, server), task.params);
    case 'reconnect':
      return reconnect(new Bench(name, server), task.params);
    case 'storm':
      return storm(new Bench(name, server, { storm: true }), task.params);
    case 'slow':
      return slow(new Bench(name, server), task.params);
  }
}

async function run(job: Job, serverCore: number): Promise<JobResult> {
  const server = await ServerProcess.start(job.server, serverCore);
  try {
    return { caseId: job.caseId, server: job.server, version: server.version, metrics: await runTask(job, server) };
  } finally {
    await server.stop();
  }
}

const [jobs = '[]', serverCore] = process.argv.slice(2);
try {
  for (const job of JSON.parse(jobs) as Job[]) console.log(JSON.stringify(await run(job, Number(serverCore))));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
// Connections that a scenario left open would keep the process.
process.exit();
