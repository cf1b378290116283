// `pnpm bench:cost`: what counting and tracing cost a gateway.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FlagError } from '../flags.js';
import { COMPARISONS, type Comparison } from './comparisons.js';
import { measure } from './measure.js';
import { type Estimate, estimate, type Pair } from './pairs.js';
import { measureScrapes, SCRAPED } from './scrapes.js';
import { smallLoad } from './subject.js';

const HELP = `What counting and tracing cost a gateway whose clients are in memory, in time on CPUs: kernel and sockets are in none of it.
Statements of gateway-core are put behind a switch, and blocks with the switch on and off take turns on one gateway in one process: the
same code, the same memory. A line has the time of one message without, what it is more with, in microseconds, and the ratio of the
two: medians of all pairs of blocks, and between what the median is with a probability of 95 %. 'nothing' shows what noise there is.

Usage: pnpm bench:cost [flags]

  --filter <text>     only lines that begin with it, like 'counting' or 'tracing: 1 %'; 'scrape' is a line too
  --pairs <n>         pairs of blocks in each process, 150
  --processes <n>     processes for each line, one after the other, 3
  --quick             a pair each: shows that everything runs, measures nothing
  --help`;

const SCRAPE = 'scrape: 10,000 connections in 1,000 groups';

function parseFlags() {
  const boolean = { type: 'boolean', default: false } as const;
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  try {
    const args = process.argv.slice(2).filter((arg) => arg !== '--');
    const options = { filter: text(''), pairs: text('150'), processes: text('3'), one: text(''), quick: boolean, help: boolean };
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new FlagError((error as Error).message);
  }
}

function countOf(flag: string, value: string): number {
  const count = Number(value);
  if (!Number.isInteger(count) || count < 1) throw new FlagError(`--${flag}: must be a whole number from 1 on`);
  return count;
}

/** In processes of its own: each has V8 compile anew, and its memory laid out anew. */
function inProcesses({ name }: Comparison, { pairs, processes }: { pairs: number; processes: number }): Pair[] {
  const args = ['--import', 'tsx', fileURLToPath(import.meta.url), '--one', name, '--pairs', String(pairs)];
  const run = () => JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 26 })) as Pair[];
  return Array.from({ length: processes }, run).flat();
}

const shown = ({ median, low, high }: Estimate, digits: number) =>
  `${median.toFixed(digits)} | ${low.toFixed(digits)} to ${high.toFixed(digits)}`;

async function main(): Promise<void> {
  const flags = parseFlags();
  if (flags.help) return console.log(HELP);
  const [pairs, processes] = flags.quick ? [1, 1] : [countOf('pairs', flags.pairs), countOf('processes', flags.processes)];
  const one = COMPARISONS.find(({ name }) => name === flags.one);
  if (one !== undefined) return console.log(JSON.stringify(await measure(one, pairs)));
  const chosen = COMPARISONS.filter(({ name }) => name.startsWith(flags.filter));
  const scrapes = SCRAPE.startsWith(flags.filter);
  if (chosen.length === 0 && !scrapes) throw new FlagError(`--filter: no line begins with ${JSON.stringify(flags.filter)}`);
  console.log(
    '| what | without, µs | more, µs | 95 % | with ÷ without | 95 % | pairs |\n| --- | --: | --: | --: | --: | --: | --: |',
  );
  for (const comparison of chosen) {
    const all = flags.quick
      ? await measure({ ...comparison, load: smallLoad(comparison.load) }, 1, 1)
      : inProcesses(comparison, { pairs, processes });
    const off = estimate(all.map((pair) => pair.off));
    const more = estimate(all.map((pair) => pair.on - pair.off));
    const ratio = estimate(all.map((pair) => pair.on / pair.off));
    console.log(`| ${comparison.name} | ${off.median.toFixed(2)} | ${shown(more, 3)} | ${shown(ratio, 3)} | ${all.length} |`);
  }
  if (!scrapes) return;
  const { metrics, text } = await (flags.quick ? measureScrapes(1, smallLoad(SCRAPED)) : measureScrapes(100));
  console.log(`\n${SCRAPE}: gateway.metrics() ${metrics.toFixed(2)} ms, all that is answered ${text.toFixed(2)} ms of CPU`);
}

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = error instanceof FlagError ? 2 : 1;
}
