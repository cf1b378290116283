// Changes the sources in small ways, one at a time, and says which of these changes no test notices: see `--help`.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { describe, intervalOf, keyOf, listMutants, rangeOf, shuffle } from './mutation/sample.mjs';
import { mutantOf } from './mutation/stryker-plugins.mjs';

const HELP = `Usage: pnpm mutation [options]

Mutants of packages/gateway-core/src/{groups,members,handlers}, each run with those tests of gateway-core that reach it.

  --sample N      how many mutants, drawn at random (default 150)
  --skip N        after so many of the same seed, as more of a sample (default 0)
  --seed S        which ones (default 1); the same sources and seed are the same mutants
  --all           all of them: hours
  --again         only those that were left alive in the last run
  --workers N     default: as many as there are cores
`;
/** Of the last run. */
const REPORT = 'coverage/mutation.json';
/** A mutant that goes round in circles is cut after this, and as often as its tests took by themselves: the machine may be busy. */
const TIMEOUT_MS = 60_000;
const TIMEOUT_FACTOR = 3;
const DRY_RUN_MINUTES = 30;
/** Of each worker: a mutant may keep all that it makes. */
const HEAP_MIB = 2_048;
/** As Stryker counts. What could not be run, as a mutant that breaks its test process, is of neither. */
const DETECTED = ['Killed', 'Timeout'];
const UNDETECTED = ['Survived', 'NoCoverage'];

/**
 * @typedef {import('./mutation/sample.mjs').Mutant} Mutant
 * @typedef {{ mutant: Mutant, status: string, reason: string | undefined }} Outcome
 */

/** @param {readonly Mutant[]} mutants @param {number} workers @returns {Promise<Outcome[]>} */
async function run(mutants, workers) {
  const drawn = new Set(mutants.map(keyOf));
  const options = /** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */ ({
    mutate: mutants.map(rangeOf),
    testRunner: 'vitest',
    vitest: { configFile: 'scripts/mutation/vitest.config.ts', related: false },
    coverageAnalysis: 'perTest',
    plugins: ['@stryker-mutator/vitest-runner', './scripts/mutation/stryker-plugins.mjs'],
    checkers: ['only-drawn'],
    reporters: ['lines'],
    drawn: [...drawn],
    concurrency: workers,
    testRunnerNodeArgs: [`--max-old-space-size=${HEAP_MIB}`],
    timeoutMS: TIMEOUT_MS,
    timeoutFactor: TIMEOUT_FACTOR,
    dryRunTimeoutMinutes: DRY_RUN_MINUTES,
    // The last are made by a test, and gone again while they are copied.
    ignorePatterns: ['dist', 'coverage', 'docs', 'bench', 'examples', 'infra', '.suites'],
    // What runs the tests does not look at types; and the compiler of the workspace has not got the interface that Stryker would call.
    disableTypeChecks: false,
    tsconfigFile: '',
    cleanTempDir: 'always',
    allowConsoleColors: false,
    logLevel: 'warn',
    warnings: false,
  });
  const results = await new Stryker(options).runMutationTest();
  return results
    .map((result) => ({ mutant: mutantOf(result), status: result.status, reason: result.statusReason }))
    .filter(({ mutant }) => drawn.has(keyOf(mutant)));
}

/** @param {readonly Outcome[]} outcomes @param {number} ofAll */
function print(outcomes, ofAll) {
  const count = (/** @type {string[]} */ statuses) => outcomes.filter(({ status }) => statuses.includes(status)).length;
  const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(1)} %`;
  const alive = outcomes.filter(({ status }) => UNDETECTED.includes(status));
  const others = outcomes.filter(({ status }) => status !== 'Killed' && !UNDETECTED.includes(status));
  const list = (/** @type {string} */ title, /** @type {readonly Outcome[]} */ some) => {
    console.log(`\n${title}:${some.length === 0 ? ' none' : ''}`);
    for (const { mutant, status, reason } of some) console.log(`  ${status}: ${describe(mutant)}${reason ? ` (${reason})` : ''}`);
  };
  // One that was cut for the time alone may have been cut for a busy machine.
  list('Neither killed nor left alive', others);
  list('Left alive', alive);
  const statuses = [...new Set(outcomes.map(({ status }) => status))].sort();
  console.log(`\n${outcomes.length} of ${ofAll} mutants: ${statuses.map((status) => `${count([status])} ${status}`).join(', ')}`);
  const detected = count(DETECTED);
  const judged = detected + alive.length;
  if (judged === 0) return;
  const [from, to] = intervalOf(detected, judged);
  console.log(
    `Score ${percent(detected / judged)}; with 95 % probability that of all is between ${percent(from)} and ${percent(to)}`,
  );
}

/** @param {string} name @param {string} text @param {number} least */
function wholeNumber(name, text, least) {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    throw new TypeError(`--${name}: must be a whole number from ${least}, not ${text}`);
  return value;
}

async function main() {
  const { values } = parseArgs({
    options: {
      sample: { type: 'string', default: '150' },
      skip: { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      all: { type: 'boolean', default: false },
      again: { type: 'boolean', default: false },
      workers: { type: 'string', default: String(availableParallelism()) },
      help: { type: 'boolean', default: false },
    },
    // pnpm passes the `--` on.
    args: process.argv.slice(2).filter((arg) => arg !== '--'),
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const workers = wholeNumber('workers', values.workers, 1);
  const skip = wholeNumber('skip', values.skip, 0);
  const sample = wholeNumber('sample', values.sample, 1);
  const all = await listMutants();
  const shuffled = shuffle(all, wholeNumber('seed', values.seed, 0));
  const before = values.again ? /** @type {Outcome[]} */ (JSON.parse(readFileSync(REPORT, 'utf8'))) : [];
  const alive = before.filter(({ status }) => UNDETECTED.includes(status)).map(({ mutant }) => mutant);
  const mutants = values.again ? alive : values.all ? all : shuffled.slice(skip, skip + sample);
  const news = new Map((await run(mutants, workers)).map((outcome) => [keyOf(outcome.mutant), outcome]));
  const outcomes = values.again ? before.map((outcome) => news.get(keyOf(outcome.mutant)) ?? outcome) : [...news.values()];
  mkdirSync(dirname(REPORT), { recursive: true });
  writeFileSync(REPORT, JSON.stringify(outcomes, undefined, 1));
  print(outcomes, all.length);
}

try {
  await main();
} catch (error) {
  console.error(/** @type {Error} */ (error).message);
  process.exitCode = 2;
}
