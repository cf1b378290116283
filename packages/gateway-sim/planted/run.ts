import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { planted } from './bundle.js';
import { Hunt } from './hunt.js';
import type { PlantedBug } from './planted-bug.js';
import { PLANTED_BUGS } from './registry.js';
import { lineOf, reportOf } from './report.js';
import { readResults, writeResults } from './results.js';

const HELP = `pnpm sim:planted [--only NAME[,NAME]] [--seeds 20000]

Plants each bug of packages/gateway-sim/planted in turn, and runs seeds until a check notices it.
Writes docs/planted-bugs.md, with what the last hunts for the other bugs came to.`;
/** Processes at once. */
const AT_ONCE = 2;
const REPORT = fileURLToPath(new URL('../../../docs/planted-bugs.md', import.meta.url));

const { values } = parseArgs({
  // pnpm hands on the `--` that it was given.
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: { only: { type: 'string' }, seeds: { type: 'string', default: '20000' }, help: { type: 'boolean', default: false } },
});
const seeds = Number(values.seeds);
const names = values.only?.split(',');
const unknown = names?.filter((name) => !PLANTED_BUGS.some((bug) => bug.name === name)) ?? [];

if (values.help) console.log(HELP);
else if (!Number.isInteger(seeds) || seeds < 1) fail(`--seeds ${values.seeds}: must be a whole number from 1`);
else if (unknown.length > 0) fail(`--only ${unknown.join()}: no such planted bug`);
else await huntAll(PLANTED_BUGS.filter(({ name }) => names?.includes(name) ?? true));

async function huntAll(bugs: readonly PlantedBug[]): Promise<void> {
  // Those that no longer apply are said before an hour has gone by.
  for (const bug of bugs) planted(bug);
  const folder = await mkdtemp(join(tmpdir(), 'planted-'));
  const results = readResults();
  let found = 0;
  try {
    const hunt = await Hunt.begin(folder);
    const left = [...bugs];
    const next = async (): Promise<void> => {
      const bug = left.shift();
      if (bug === undefined) return;
      const result = await hunt.for(bug, { to: seeds, shrinks: true });
      if (result.found !== undefined) found += 1;
      console.log(lineOf(bug, result));
      // Each time, for it may be stopped.
      results.set(bug.name, result);
      const all = PLANTED_BUGS.map(({ name }) => name);
      writeResults(results, all);
      await writeFile(REPORT, reportOf(PLANTED_BUGS, results));
      await next();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  console.log(`${found} of ${bugs.length} planted bugs were found.`);
  if (found < bugs.length) process.exitCode = 1;
}

function fail(message: string): void {
  console.error(`${message}\n\n${HELP}`);
  process.exitCode = 2;
}
