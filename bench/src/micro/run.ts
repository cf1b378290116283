// `pnpm bench:micro`: time and heap of the gateway's steps, so that a regression shows where it is.
import { parseArgs } from 'node:util';
import { bench, measure, run } from 'mitata';
import { FlagError } from '../flags.js';
import { DECODE_CASES } from './decode.js';
import { FLUSH_CASES } from './flush.js';
import { LOG_CASES } from './log.js';
import type { MicroCase } from './micro-case.js';
import { PATH_CASES } from './path.js';

const HELP = `Time and allocated heap of the gateway's steps, each by itself: decode, stamp and frame, log, flush, and the whole way.
The second line of each is the heap per run, in bytes; the memory of buffers, as logs have it, is not in it. The young generation is
so large that it is hardly ever collected in the middle of a sample: collecting is not in the times, and all of the heap is counted.

Usage: pnpm bench:micro [flags]

  --filter <text>  only steps whose name contains it, like 'decode' or '16 KiB'
  --json           the statistics as JSON, in nanoseconds and bytes
  --quick          a few runs each: shows that everything runs, measures nothing
  --help`;

const CASES: readonly MicroCase[] = [...DECODE_CASES, ...LOG_CASES, ...FLUSH_CASES, ...PATH_CASES];
const QUICK = { min_samples: 1, min_cpu_time: 0, batch_samples: 4, warmup_samples: 1, samples_threshold: 1e9 };

/** What mitata measures: it runs once and is checked, is measured, and what came of all runs is checked. */
function measurable({ setUp }: MicroCase) {
  return async function* (): AsyncGenerator<() => unknown, void, undefined> {
    const { run: step, check } = await setUp();
    step();
    check();
    yield step;
    check();
  };
}

async function quick(cases: readonly MicroCase[]): Promise<void> {
  for (const one of cases) {
    await measure(measurable(one), { ...QUICK });
    console.log(one.name);
  }
}

function parseFlags() {
  const boolean = { type: 'boolean', default: false } as const;
  try {
    const args = process.argv.slice(2).filter((arg) => arg !== '--');
    return parseArgs({ args, options: { filter: { type: 'string', default: '' }, json: boolean, quick: boolean, help: boolean } })
      .values;
  } catch (error) {
    throw new FlagError((error as Error).message);
  }
}

async function main(): Promise<void> {
  const values = parseFlags();
  if (values.help) {
    console.log(HELP);
    return;
  }
  const cases = CASES.filter(({ name }) => name.includes(values.filter));
  if (cases.length === 0) throw new FlagError(`--filter: no step has ${JSON.stringify(values.filter)} in its name`);
  if (values.quick) {
    await quick(cases);
    return;
  }
  for (const one of cases) bench(one.name, measurable(one));
  await run({ throw: true, format: values.json ? { json: { debug: false, samples: false } } : 'mitata' });
}

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = error instanceof FlagError ? 2 : 1;
}
