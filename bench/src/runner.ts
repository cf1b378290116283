import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Case } from './cases.js';
import type { Job, JobResult, ServerName } from './job.js';
import { allowedCores } from './machine.js';

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));
/** Longer than the slowest job takes on a slow machine. */
const JOB_TIMEOUT_MS = 120_000;

/** A job that did not end with a result. */
export interface JobFailure {
  caseId: string;
  server: ServerName;
  message: string;
}

/** What came of a run. */
export interface Outcome {
  results: JobResult[];
  failures: JobFailure[];
}

/** Told of each job's end, in the order in which they end. */
export type Progress = (done: number, total: number, job: Job, result: JobResult | JobFailure) => void;

/** Runs jobs one after the other in one generator process; the first failure ends it. */
async function runWorker(jobs: readonly Job[], onEnd: (job: Job, result: JobResult | JobFailure) => void): Promise<void> {
  const [serverCore = 0, generatorCore = serverCore, ...others] = allowedCores();
  const serverCores = [serverCore, ...others].join();
  const worker = [process.execPath, ...process.execArgv, WORKER, JSON.stringify(jobs), serverCores];
  const child = spawn('taskset', ['-c', String(generatorCore), ...worker], { stdio: ['ignore', 'pipe', 'pipe'] });
  // The servers end with the generator: their stdin closes.
  const timer = setTimeout(() => child.kill('SIGKILL'), JOB_TIMEOUT_MS * jobs.length);
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const exit = new Promise((resolve) => child.once('close', resolve));
  let done = 0;
  for await (const line of createInterface({ input: child.stdout })) onEnd(jobs[done++]!, JSON.parse(line) as JobResult);
  await exit;
  clearTimeout(timer);
  const message = complaint.trim() || 'the generator ended without a word';
  for (const job of jobs.slice(done)) onEnd(job, { caseId: job.caseId, server: job.server, message });
}

/** Collects what {@link runWorker} reports. */
function collector(total: number, progress: Progress): Outcome & { onEnd(job: Job, result: JobResult | JobFailure): void } {
  let done = 0;
  const outcome: Outcome = { results: [], failures: [] };
  return {
    ...outcome,
    onEnd(job, result) {
      if ('message' in result) outcome.failures.push(result);
      else outcome.results.push(result);
      progress(++done, total, job, result);
    },
  };
}

const serversOf = (one: Case, servers: readonly ServerName[]) => one.servers.filter((name) => servers.includes(name));

/** Measures: one job at a time, each in a fresh process, servers interleaved so that a change of the machine's mood hits all. */
export async function measure(
  cases: readonly Case[],
  servers: readonly ServerName[],
  repeats: number,
  progress: Progress,
): Promise<Outcome> {
  const jobs: Job[] = cases.flatMap((one) =>
    Array.from({ length: repeats }, () =>
      serversOf(one, servers).map((server) => ({ caseId: one.id, server, task: one.full })),
    ).flat(),
  );
  const outcome = collector(jobs.length, progress);
  for (const job of jobs) await runWorker([job], outcome.onEnd);
  return outcome;
}

/** Only checks that every case runs against every server: tiny, and all servers at the same time. */
export async function rehearse(cases: readonly Case[], servers: readonly ServerName[], progress: Progress): Promise<Outcome> {
  const byServer = servers.map((server) =>
    cases.filter((one) => one.servers.includes(server)).map((one): Job => ({ caseId: one.id, server, task: one.quick })),
  );
  const outcome = collector(byServer.flat().length, progress);
  await Promise.all(byServer.map((jobs) => runWorker(jobs, outcome.onEnd)));
  return outcome;
}
