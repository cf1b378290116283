import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, flags, wholeNumber } from '../../../scripts/flags.mjs';
import { planted } from './bundle.js';
import { COLLECTIONS, type Collection } from './collection.js';
import { Hunt } from './hunt.js';
import type { PlantedBug } from './planted-bug.js';
import { lineOf, reportOf } from './report.js';
import { readResults, writeResults } from './results.js';

const HELP = `pnpm sim:planted [--redis] [--only NAME[,NAME]] [--seeds 20000]

Plants each bug of packages/gateway-sim/planted in turn, and runs seeds until a check notices it.
Writes docs/planted-bugs.md, with what the last hunts for the other bugs came to.

  --redis  the bugs of gateway-redis, with the seeds of pnpm sim:redis (3,000); writes docs/planted-bugs-redis.md`;
/** Processes at once. */
const AT_ONCE = 2;

await command(async () => {
  const values = flags({
    redis: { type: 'boolean' },
    only: { type: 'string' },
    seeds: { type: 'string' },
    help: { type: 'boolean' },
  });
  if (values.help) {
    console.log(HELP);
    return true;
  }
  const collection = COLLECTIONS[values.redis ? 'redis' : 'memory'];
  const seeds = wholeNumber('seeds', values.seeds, collection.seeds);
  const names = values.only?.split(',');
  const unknown = names?.filter((name) => !collection.bugs.some((bug) => bug.name === name)) ?? [];
  if (unknown.length > 0) throw new TypeError(`--only ${unknown.join()}: no such planted bug`);
  return huntAll(
    collection,
    collection.bugs.filter(({ name }) => names?.includes(name) ?? true),
    seeds,
  );
});

/** @returns whether all were found. */
async function huntAll(collection: Collection, bugs: readonly PlantedBug[], seeds: number): Promise<boolean> {
  // Those that no longer apply are said before an hour has gone by.
  for (const bug of bugs) planted(bug);
  const folder = await mkdtemp(join(tmpdir(), 'planted-'));
  const results = readResults(collection.results);
  let found = 0;
  try {
    const hunt = await Hunt.begin(folder, collection);
    const left = [...bugs];
    const next = async (): Promise<void> => {
      const bug = left.shift();
      if (bug === undefined) return;
      const result = await hunt.for(bug, { to: seeds, triesMax: collection.triesMax });
      if (result.found !== undefined) found += 1;
      console.log(lineOf(bug, result));
      // Each time, for it may be stopped.
      results.set(bug.name, result);
      const all = collection.bugs.map(({ name }) => name);
      writeResults(collection.results, results, all);
      await writeFile(collection.report, reportOf(collection, results));
      await next();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  console.log(`${found} of ${bugs.length} planted bugs were found.`);
  return found === bugs.length;
}
