import type { Violation } from '../../packages/gateway-sim/src/history.js';
import { shrink } from '../../packages/gateway-sim/src/shrink.js';
import { formatTimeline } from '../../packages/gateway-sim/src/timeline.js';
import { command, flags, seedsOf } from '../../scripts/flags.mjs';
import { simulateRedis } from './simulate-redis.js';

const HELP = `Usage: pnpm sim:redis [options]

  --seeds N    how many seeds (default 200)
  --from N     the first one (default: from the clock, so each run has others)
  --seed SEED  one seed, with everything that happened in it; made smaller where it fails
  --twice      each seed twice: both must be the same, byte for byte
`;

async function runMany(from: number, count: number, twice: boolean): Promise<boolean> {
  const startedAt = performance.now();
  const covered = new Map<string, number>();
  let [failed, steps] = [0, 0];
  const perSecond = (done: number) => (done / ((performance.now() - startedAt) / 1_000)).toFixed(1);
  for (let seed = from; seed < from + count; seed += 1) {
    const result = await simulateRedis({ seed });
    steps += result.steps;
    for (const what of result.covered) covered.set(what, (covered.get(what) ?? 0) + 1);
    const [first] = result.violations;
    const isSame = !twice || (await simulateRedis({ seed })).hash === result.hash;
    if (first !== undefined || !isSame) {
      failed += 1;
      const text = first === undefined ? 'another run of it was another one' : `${first.check}: ${first.text}`;
      console.log(`FAILED seed ${seed}: ${text}\n  pnpm sim:redis --seed ${seed}`);
    }
    const done = seed - from + 1;
    if (done % 100 === 0) console.log(`${done} of ${count} seeds, ${perSecond(done)} per second`);
  }
  console.log('\nMet in so many of the seeds:');
  for (const [what, times] of [...covered].sort()) console.log(`${String(times).padStart(8)}  ${what}`);
  console.log(
    `\n${count} seeds from ${from}, ${perSecond(count)} per second, ${(steps / count).toFixed(0)} steps each: ${failed} failed.`,
  );
  return failed === 0;
}

/** The check, and what was found where that says no more. */
const kindOf = ({ check, text }: Violation) => (check === 'found' ? `${check} ${text.split(':')[0]}` : check);

async function showOne(seed: string): Promise<boolean> {
  const result = await simulateRedis({ seed, timeline: true });
  const [first] = result.violations;
  if (first === undefined) {
    console.log(`${formatTimeline(result.timeline)}\n\nSeed ${seed} holds. ${result.hash}`);
    return true;
  }
  const plan = await shrink(result.plan, async (smaller) => {
    const { violations } = await simulateRedis({ seed, plan: smaller });
    return violations.some((one) => kindOf(one) === kindOf(first));
  });
  const smallest = await simulateRedis({ seed, plan, timeline: true });
  console.log(formatTimeline(smallest.timeline));
  console.log(`\nSeed ${seed} fails; ${result.plan.actions.length} actions, made smaller to ${plan.actions.length}:`);
  console.log(JSON.stringify(plan));
  for (const { check, atMs, text } of smallest.violations) console.log(`${(atMs / 1_000).toFixed(3)} ${check}: ${text}`);
  return false;
}

await command(async () => {
  const values = flags({
    seeds: { type: 'string' },
    from: { type: 'string' },
    seed: { type: 'string' },
    twice: { type: 'boolean' },
    help: { type: 'boolean' },
  });
  if (values.help) {
    console.log(HELP);
    return true;
  }
  if (values.seed !== undefined) return showOne(values.seed);
  const { from, count } = seedsOf(values, 200);
  return runMany(from, count, values.twice === true);
});
