import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command, flags, wholeNumber } from '../../../scripts/flags.mjs';
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

await command(async () => {
  const values = flags({ only: { type: 'string' }, seeds: { type: 'string' }, help: { type: 'boolean' } });
  if (values.help) {
    console.log(HELP);
    return true;
  }
  const seeds = wholeNumber('seeds', values.seeds, 20_000);
  const names = values.only?.split(',');
  const unknown = names?.filter((name) => !PLANTED_BUGS.some((bug) => bug.name === name)) ?? [];
  if (unknown.length > 0) throw new TypeError(`--only ${unknown.join()}: no such planted bug`);
  return huntAll(
    PLANTED_BUGS.filter(({ name }) => names?.includes(name) ?? true),
    seeds,
  );
});

/** @returns whether all were found. */
async function huntAll(bugs: readonly PlantedBug[], seeds: number): Promise<boolean> {
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
  return found === bugs.length;
}
