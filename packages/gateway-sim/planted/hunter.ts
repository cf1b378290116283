import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import type { Plan } from '../src/plan.js';
import type { RunResult } from '../src/run.js';
import { shrink } from '../src/shrink.js';
import type { Find, Hunted } from './hunt.js';
import { PLANTED_BUGS, REDIS_BUGS } from './registry.js';

/** The simulator with a bug in it, and without. */
interface Simulator {
  makePlan(seed: string): Plan;
  simulate(options: { seed: number | string; plan: Plan | undefined }): Promise<RunResult>;
}

/** `triesMax`: plans that are tried to make one small. `plans`: files of plans that are kept. */
const [name, plantedFile = '', soundFile = '', from = '', to = '', triesMax = '', ...plans] = process.argv.slice(2);
const require = createRequire(__filename);
const planted = require(plantedFile) as Simulator;
const sound = require(soundFile) as Simulator;

/** Looks for the first seed with which the bug breaks a promise that is kept without it; where none does, for a plan that is kept. */
async function hunt(): Promise<Hunted> {
  const startedAt = performance.now();
  const { needs = () => true } = [...PLANTED_BUGS, ...REDIS_BUGS].find((bug) => bug.name === name) ?? {};
  let runs = 0;
  const seconds = () => (performance.now() - startedAt) / 1_000;
  for (let seed = Number(from); seed <= Number(to); seed += 1) {
    if (!needs(sound.makePlan(String(seed)))) continue;
    runs += 1;
    const found = await findBy(seed, undefined);
    if (found !== undefined) return { found, seeds: seed, runs, seconds: seconds() };
  }
  for (const kept of plans) {
    const plan = JSON.parse(readFileSync(kept, 'utf8')) as Plan;
    const found = await findBy(plan.seed, plan);
    if (found !== undefined)
      return { found: { ...found, kept: basename(kept, '.json') }, seeds: Number(to), runs, seconds: seconds() };
  }
  return { found: undefined, seeds: Number(to), runs, seconds: seconds() };
}

/** Runs one plan. @param kept instead of what the seed stands for. */
async function findBy(seed: number | string, kept: Plan | undefined): Promise<Find | undefined> {
  const { violations, plan } = await planted.simulate({ seed, plan: kept });
  const [first] = violations;
  if (first === undefined || (await sound.simulate({ seed, plan: kept })).violations.length > 0) return undefined;
  const checks = [...new Set(violations.map(({ check }) => check))];
  const found: Find = { seed, kept: undefined, checks, text: first.text, actions: plan.actions.length, fewest: undefined };
  if (triesMax === '0') return found;
  const breaks = async (smaller: Plan) => {
    const isBroken = (await planted.simulate({ seed, plan: smaller })).violations.some(({ check }) => check === first.check);
    return isBroken && (await sound.simulate({ seed, plan: smaller })).violations.length === 0;
  };
  return { ...found, fewest: (await shrink(plan, breaks, Number(triesMax))).actions.length };
}

void hunt().then((hunted) => process.stdout.write(`${JSON.stringify(hunted)}\n`));
