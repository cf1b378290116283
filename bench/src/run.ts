import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Case } from './case-kinds.js';
import { FlagError, type Flags, HELP, parseFlags } from './flags.js';
import { ON_BUN, REDIS_SCENARIOS, type ServerName } from './job.js';
import { describeMachine, obstacle } from './machine.js';
import { PROFILE_DIR } from './proc.js';
import { hasRedis } from './redis-process.js';
import { chart } from './report/chart.js';
import { checkText, compare, exitCode } from './report/check.js';
import { markdown } from './report/markdown.js';
import { progressLine } from './report/progress.js';
import { merged, readRecord } from './report/record.js';
import { buildReport, type Report } from './report/report.js';
import { terminalTables } from './report/table.js';
import { measure, rehearse } from './runner.js';
import { bunBinary } from './server-process.js';

/** What `--write-docs` has measured, for `--check`. */
const RECORD = 'docs/benchmarks.json';
const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(`written: ${path}`);
}

/** The command as the report quotes it: without where it wrote to, which is nobody else's business. */
function commandLine(args: readonly string[]): string {
  const paths = ['--out', '--profile'];
  return ['pnpm bench', ...args.filter((arg, i) => !paths.includes(arg) && !paths.includes(args[i - 1] ?? ''))].join(' ');
}

/** Leaves out Bun where its binary is not installed. @throws FlagError when it was asked for by name. */
function available({ servers, explicit }: Flags): readonly ServerName[] {
  const onBun = servers.filter((name) => ON_BUN.has(name));
  if (onBun.length === 0 || bunBinary() !== undefined) return servers;
  const reason = 'the optional package @oven/bun-linux-x64 is not installed';
  if (explicit) throw new FlagError(`${onBun.join(', ')}: ${reason}`);
  console.log(`left out: ${onBun.join(', ')}; ${reason}`);
  return servers.filter((name) => !ON_BUN.has(name));
}

/** Leaves out what needs a Redis where there is none. */
function runnable(cases: readonly Case[]): readonly Case[] {
  const isShared = ({ full }: Case) => REDIS_SCENARIOS.has(full.scenario);
  if (!cases.some(isShared) || hasRedis()) return cases;
  console.log('cases with several nodes are left out: redis-server is not installed');
  return cases.filter((one) => !isShared(one));
}

/** Whether there is something to compare: it is recorded, and its ratio is steady from run to run. */
const isChecked = ({ id, columns }: Case, recorded: Report) =>
  columns[0]?.steady === true && recorded.cases.some((one) => one.id === id);

async function main(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args);
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const problem = obstacle(flags);
  if (problem !== undefined) throw new FlagError(`the benchmark cannot run here: ${problem}`);
  const machine = describeMachine();
  if (machine.cores < 2) console.log('only one core: server and generator share it, so times are not comparable');

  if (!flags.quick && loadavg()[0]! > 1)
    console.log('other programs keep this machine busy: expect wide spreads and long latencies');

  const recorded = readRecord(fromRoot(RECORD));
  if (flags.check && recorded === undefined) throw new FlagError(`--check: there is no ${RECORD} to compare with`);
  const servers = available(flags);
  const wanted = flags.check ? flags.cases.filter((one) => isChecked(one, recorded!)) : flags.cases;
  const cases = runnable(wanted);
  // The generator and its servers inherit it.
  if (flags.profile !== undefined) process.env[PROFILE_DIR] = resolve(flags.profile);
  const progress = progressLine(cases);
  const run = flags.quick ? rehearse(cases, servers, progress) : measure(cases, servers, flags.repeats, progress);
  const { results, failures } = await run;
  const report = buildReport(cases, results, failures, {
    date: new Date().toISOString(),
    command: commandLine(args),
    repeats: flags.repeats,
    quick: flags.quick,
    machine: machine.description,
  });
  console.log(terminalTables(report));
  if (!flags.quick || flags.out !== undefined) {
    write(
      flags.out ?? fromRoot(`bench/results/${report.date.replaceAll(':', '-')}.json`),
      `${JSON.stringify(report, undefined, 2)}\n`,
    );
  }
  if (flags.writeDocs && failures.length === 0) {
    const all = merged(recorded, report);
    write(fromRoot(RECORD), `${JSON.stringify(all, undefined, 1)}\n`);
    write(fromRoot('docs/benchmarks.md'), markdown(all));
    write(fromRoot('docs/benchmarks.svg'), chart(all));
  }
  for (const { caseId, server, message } of failures) console.error(`FAILED ${caseId} ${server}: ${message}`);
  if (!flags.check) return exitCode(report);
  const comparisons = compare(report, recorded!);
  console.log(checkText(comparisons, recorded!, report.machine));
  return exitCode(report, comparisons);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof FlagError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
