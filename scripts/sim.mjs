// Runs the simulator on many seeds, or shows one of them: see `--help`.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { command, flags, seedsOf, wholeNumber } from './flags.mjs';
import { commandFor, partingOf } from './sim-command.mjs';
import { SIMULATION_FLAGS } from './simulation-flags.mjs';

const HELP = `Usage: pnpm sim [options]

  --seeds N       how many seeds (default 2000)
  --from N        the first one (default: from the clock, so each run has others)
  --seed SEED     one seed, with everything that happened in it; made smaller where it fails
  --plan FILE     a plan that was kept, as one seed
  --faults A,B    only these kinds of faults
  --size large    five clients, three gateways, 80 actions (default: three, two, 24)
  --twice         each seed twice: both must be the same, byte for byte
  --workers N     default: as many as there are cores
`;
const LARGE = { users: 5, gateways: 3, groups: 3, actions: 80, actsMs: 90_000 };
const SEEDS_AT_ONCE = 20;
const WORKERS_MAX = 256;
/** The first argument of a process that runs seeds. */
const WORKER = 'worker';
/** What is said where the hashes of two runs differ. */
const TWO_RUNS = 'another run of it was another one';

/**
 * @typedef {{ from: number, count: number, faults: string[] | undefined, size: object | undefined, twice: boolean }} Batch
 * @typedef {{ seed: number, text: string }} Failure
 * @typedef {{ covered: Record<string, number>, failures: Failure[], steps: number, count: number }} Outcome
 */

/** @returns {Promise<typeof import('gateway-sim')>} */
const load = () => import('gateway-sim');

/** @param {Batch} batch @returns {Promise<Outcome>} */
async function runBatch({ from, count, faults, size, twice }) {
  const { simulate } = await load();
  /** @type {Outcome} */
  const outcome = { covered: {}, failures: [], steps: 0, count };
  for (let seed = from; seed < from + count; seed += 1) {
    const options = /** @type {import('gateway-sim').SimulateOptions} */ ({ seed, faults, size });
    const { violations, covered, steps, hash } = await simulate(options);
    outcome.steps += steps;
    for (const what of covered) outcome.covered[what] = (outcome.covered[what] ?? 0) + 1;
    const [first] = violations;
    if (first !== undefined) outcome.failures.push({ seed, text: `${first.check}: ${first.text}` });
    if (twice && (await simulate(options)).hash !== hash) outcome.failures.push({ seed, text: TWO_RUNS });
  }
  return outcome;
}

/** @param {import('node:child_process').ChildProcess} worker @param {Batch} batch @returns {Promise<Outcome>} */
async function outcomeOf(worker, batch) {
  const over = new AbortController();
  const answered = once(worker, 'message', { signal: over.signal });
  const ended = once(worker, 'exit', { signal: over.signal }).then(([code, signal]) => {
    throw new Error(`the process that ran seeds ${batch.from} to ${batch.from + batch.count - 1} has ended: ${signal ?? code}`);
  });
  try {
    worker.send(batch);
    const [outcome] = await Promise.race([answered, ended]);
    return outcome;
  } finally {
    over.abort();
    // Both are settled now, and one of them is nobody's any more.
    await Promise.allSettled([answered, ended]);
  }
}

/** @param {number} from @param {number} count @param {number} workersMax @param {Omit<Batch, 'from' | 'count'>} options */
async function runMany(from, count, workersMax, options) {
  const workers = Math.min(workersMax, Math.ceil(count / SEEDS_AT_ONCE));
  const startedAt = performance.now();
  let next = from;
  /** Where it is to end early, the processes end with the seeds that they are at. */
  const stop = () => {
    next = from + count;
  };
  /** @type {Outcome} */
  const total = { covered: {}, failures: [], steps: 0, count: 0 };
  const perSecond = () => (total.count / ((performance.now() - startedAt) / 1_000)).toFixed(0);
  const work = async () => {
    const worker = fork(fileURLToPath(import.meta.url), [WORKER], { execArgv: SIMULATION_FLAGS });
    try {
      while (next < from + count) {
        const batch = { ...options, from: next, count: Math.min(SEEDS_AT_ONCE, from + count - next) };
        next += batch.count;
        take(await outcomeOf(worker, batch));
      }
    } finally {
      stop();
      if (worker.connected) worker.disconnect();
    }
  };
  /** @param {Outcome} outcome */
  const take = (outcome) => {
    total.count += outcome.count;
    total.steps += outcome.steps;
    for (const [what, times] of Object.entries(outcome.covered)) total.covered[what] = (total.covered[what] ?? 0) + times;
    for (const failure of outcome.failures) {
      total.failures.push(failure);
      console.log(`FAILED seed ${failure.seed}: ${failure.text}\n  ${commandFor(failure.seed, options)}`);
    }
  };
  process.once('SIGINT', stop);
  console.log(`${count} seeds from ${from}, in ${workers} processes`);
  const progress = setInterval(() => console.log(`${total.count} of ${count} seeds, ${perSecond()} per second`), 10_000);
  try {
    await Promise.all(Array.from({ length: workers }, work));
  } finally {
    clearInterval(progress);
    process.off('SIGINT', stop);
  }
  console.log('\nMet in so many of the seeds:');
  for (const [what, times] of Object.entries(total.covered).sort()) console.log(`${String(times).padStart(8)}  ${what}`);
  const steps = (total.steps / Math.max(total.count, 1)).toFixed(0);
  console.log(
    `\n${total.count} seeds from ${from}, ${perSecond()} per second in ${workers} processes, ${steps} steps each: ${total.failures.length} failed.`,
  );
  if (total.count < count) console.log(`Stopped: ${count - total.count} of ${count} seeds were not run.`);
  return total.failures.length === 0 && total.count === count;
}

/** @param {string} seed @param {import('gateway-sim').Plan | undefined} kept @param {Omit<Batch, 'from' | 'count'>} options */
async function showOne(seed, kept, { faults, size, twice }) {
  const { simulate, shrink, formatTimeline } = await load();
  const options = /** @type {import('gateway-sim').SimulateOptions} */ ({ seed, faults, size, plan: kept });
  const result = await simulate({ ...options, timeline: true });
  const [first] = result.violations;
  if (first === undefined) {
    const text = formatTimeline(result.timeline);
    console.log(text);
    if (twice) {
      const again = await simulate({ ...options, timeline: true });
      if (again.hash !== result.hash) {
        const parting = partingOf(text.split('\n'), formatTimeline(again.timeline).split('\n'));
        console.log(`\nSeed ${seed}: ${TWO_RUNS}\n${parting ?? 'in what the timeline cuts off'}`);
        return false;
      }
    }
    console.log(`\nSeed ${seed} holds. ${result.hash}`);
    return true;
  }
  const { check } = first;
  const plan = await shrink(result.plan, async (smaller) =>
    (await simulate({ seed, plan: smaller })).violations.some((violation) => violation.check === check),
  );
  const smallest = await simulate({ seed, plan, timeline: true });
  console.log(formatTimeline(smallest.timeline));
  console.log(`\nSeed ${seed} fails; ${result.plan.actions.length} actions, made smaller to ${plan.actions.length}:`);
  console.log(JSON.stringify(plan));
  for (const { check: name, atMs, text } of smallest.violations) console.log(`${(atMs / 1_000).toFixed(3)} ${name}: ${text}`);
  return false;
}

/** @param {string} file @returns {import('gateway-sim').Plan} */
function planIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new TypeError(`--plan ${file}: ${/** @type {Error} */ (error).message}`);
  }
}

/** Flags that say which runs there are: one goes without the others. */
const ONE_OF = /** @type {const} */ (['seed', 'plan', 'seeds']);
/** Those of many. */
const OF_MANY = /** @type {const} */ (['seeds', 'from', 'workers']);

async function main() {
  const values = flags({
    seeds: { type: 'string' },
    from: { type: 'string' },
    seed: { type: 'string' },
    plan: { type: 'string' },
    faults: { type: 'string' },
    size: { type: 'string' },
    twice: { type: 'boolean' },
    workers: { type: 'string' },
    help: { type: 'boolean' },
  });
  if (values.help) {
    console.log(HELP);
    return true;
  }
  if (values.size !== undefined && values.size !== 'large') throw new TypeError(`--size: must be large, not ${values.size}`);
  const [one, other] = ONE_OF.filter((name) => values[name] !== undefined);
  const idle = one === 'seeds' || one === undefined ? undefined : (other ?? OF_MANY.find((name) => values[name] !== undefined));
  if (idle !== undefined) throw new TypeError(`--${idle}: goes not with --${one}`);
  const { from, count } = seedsOf(values, 2_000);
  const workers = wholeNumber('workers', values.workers, Math.min(availableParallelism(), WORKERS_MAX), WORKERS_MAX);
  const plan = values.plan === undefined ? undefined : planIn(values.plan);
  await build();
  const { FAULTS } = await load();
  const faults = values.faults?.split(',');
  const unknown = faults?.find((fault) => !Object.hasOwn(FAULTS, fault));
  if (unknown !== undefined) throw new TypeError(`--faults: must be of ${Object.keys(FAULTS).join(', ')}, not ${unknown}`);
  const options = { faults, size: values.size === undefined ? undefined : LARGE, twice: values.twice === true };
  if (values.plan !== undefined) return showOne(String(plan?.seed), plan, options);
  if (values.seed !== undefined) return showOne(values.seed, undefined, options);
  return runMany(from, count, workers, options);
}

if (process.argv[2] !== WORKER) await command(main);
else {
  // Errors are many here, and of their stacks only the run of one seed has a use.
  Error.stackTraceLimit = 0;
  // Ctrl-C is for the process that has started this one.
  process.on('SIGINT', () => {});
  process.on('disconnect', () => process.exit());
  process.on('message', (/** @type {Batch} */ batch) => {
    void runBatch(batch).then((outcome) => process.send?.(outcome));
  });
}
