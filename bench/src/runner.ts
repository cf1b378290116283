import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Case } from './case-kinds.js';
import type { Job, JobFailure, JobResult, Orders, ServerName } from './job.js';
import { allowedCores } from './machine.js';

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));
/** Longer than the slowest job takes on a slow machine. */
const JOB_TIMEOUT_MS = 300_000;

/** Jobs of a rehearsal at a time: they mostly wait. */
const REHEARSAL_LANES = 6;

/** What came of a run. */
export interface Outcome {
  results: JobResult[];
  failures: JobFailure[];
}

/** Told of each job's end, in the order in which they end. */
export type Progress = (done: number, total: number, result: JobResult | JobFailure) => void;

/** Runs jobs in one generator process, on the cores given, and is told of each one's end. */
async function runWorker(orders: Orders, cores: string, onEnd: (result: JobResult | JobFailure) => void): Promise<void> {
  const worker = [process.execPath, ...process.execArgv, WORKER, JSON.stringify(orders)];
  const child = spawn('taskset', ['-c', cores, ...worker], { stdio: ['ignore', 'pipe', 'pipe'] });
  // The servers end with the generator: their stdin closes.
  const timer = setTimeout(() => child.kill('SIGKILL'), JOB_TIMEOUT_MS * orders.jobs.length);
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const exit = new Promise((resolve) => child.once('close', resolve));
  const left = [...orders.jobs];
  for await (const line of createInterface({ input: child.stdout })) {
    const result = JSON.parse(line) as JobResult | JobFailure;
    left.splice(
      left.findIndex(({ caseId, server }) => caseId === result.caseId && server === result.server),
      1,
    );
    onEnd(result);
  }
  await exit;
  clearTimeout(timer);
  const message = complaint.trim() || 'the generator ended without a word';
  for (const { caseId, server } of left) onEnd({ caseId, server, message });
}

/** Collects what {@link runWorker} reports. */
function collector(total: number, progress: Progress): Outcome & { onEnd(result: JobResult | JobFailure): void } {
  let done = 0;
  const outcome: Outcome = { results: [], failures: [] };
  return {
    ...outcome,
    onEnd(result) {
      if ('message' in result) outcome.failures.push(result);
      else outcome.results.push(result);
      progress(++done, total, result);
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
  const [serverCore = '0', generatorCore = serverCore, ...others] = allowedCores().map(String);
  const orders = { cores: [serverCore, ...others], lanes: 1 };
  for (const job of jobs) await runWorker({ ...orders, jobs: [job] }, generatorCore, outcome.onEnd);
  return outcome;
}

/** Only checks that every case runs against every server: tiny, several at the same time, and wherever there is room. */
export async function rehearse(cases: readonly Case[], servers: readonly ServerName[], progress: Progress): Promise<Outcome> {
  // The last are those with most processes.
  const jobs = cases
    .flatMap((one) => serversOf(one, servers).map((server): Job => ({ caseId: one.id, server, task: one.quick })))
    .reverse();
  const cores = allowedCores().join();
  const outcome = collector(jobs.length, progress);
  await runWorker({ jobs, cores: [cores], lanes: REHEARSAL_LANES }, cores, outcome.onEnd);
  return outcome;
}
