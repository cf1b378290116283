import { fileURLToPath } from 'node:url';
import type { PlantedBug } from './planted-bug.js';
import { PLANTED_BUGS, REDIS_BUGS } from './registry.js';

/** Bugs that one simulator has to notice. */
export interface Collection {
  bugs: readonly PlantedBug[];
  /** The simulator: exports `makePlan` and `simulate`. */
  entry: string;
  /** Folder of plans that are kept. */
  plans: string;
  /** What the last hunts came to, and what is written of them. */
  results: string;
  report: string;
  /** Of the report. */
  title: string;
  command: string;
  intro: string;
  /** Seeds unless it is said. */
  seeds: number;
  /** Plans that are tried to make one small. */
  triesMax: number;
}

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export const COLLECTIONS = {
  memory: {
    bugs: PLANTED_BUGS,
    entry: at('../src/index.ts'),
    plans: at('../regressions'),
    results: at('results.json'),
    report: at('../../../docs/planted-bugs.md'),
    title: 'Planted bugs',
    command: 'pnpm sim:planted',
    intro: `Is the [simulator](simulator.md) any good? Each row is a small mutation of our own source that breaks a promise (\`packages/gateway-sim/planted\`). It is put in as
the source is bundled. Seeds are run from 1 on until a check notices it with a seed that is quiet without it. *Runs* are those that were run up to that one: seeds
whose plan comes near to what is mutated (for most bugs every plan does). *Needed* are the actions that are left of the seed's plan when it has been made small. Each row is of the last hunt for its bug.`,
    seeds: 20_000,
    triesMax: 200,
  },
  redis: {
    bugs: REDIS_BUGS,
    entry: at('../../../tests/redis-sim/planted.ts'),
    plans: at('../../../tests/redis-sim/regressions'),
    results: at('redis-results.json'),
    report: at('../../../docs/planted-bugs-redis.md'),
    title: 'Planted bugs of gateway-redis',
    command: 'pnpm sim:planted --redis',
    intro: `The same as [planted bugs](planted-bugs.md), for \`packages/gateway-redis\` and the scripts that it runs inside of Redis: noticed by \`pnpm sim:redis\`
([simulator.md](simulator.md#over-redis)).`,
    seeds: 3_000,
    triesMax: 40,
  },
} as const satisfies Record<string, Collection>;
