import { execFile } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SIMULATION_FLAGS } from '../../../scripts/simulation-flags.mjs';
import { bundleHunter, bundleSimulator } from './bundle.js';
import type { Collection } from './collection.js';
import type { PlantedBug } from './planted-bug.js';

const run = promisify(execFile);

/** How a bug was found. */
export interface Find {
  seed: number | string;
  /** Name of the plan in `regressions` that found it, where no seed did. */
  kept: string | undefined;
  /** The checks that noticed it, the first to do so first. */
  checks: string[];
  /** What the first one says; not kept. */
  text?: string;
  /** Actions of the seed's plan. */
  actions: number;
  /** Of which so many are needed; `undefined` where it was not looked for. */
  fewest: number | undefined;
}

/** What a hunt came to. */
export interface Hunted {
  /** `undefined`: no check has noticed the bug. */
  found: Find | undefined;
  /** The last seed that was run. */
  seeds: number;
  /** So many of them were run: those whose plan has what the bug needs. */
  runs: number;
  seconds: number;
}

/** Looks for planted bugs in processes of their own. */
export class Hunt {
  private constructor(
    private readonly folder: string,
    private readonly entry: string,
    private readonly plans: readonly string[],
  ) {}

  /** @param folder where the bundles go. */
  static async begin(folder: string, { entry, plans }: Pick<Collection, 'entry' | 'plans'>): Promise<Hunt> {
    const kept = (await readdir(plans)).filter((name) => name.endsWith('.json')).sort();
    const hunt = new Hunt(
      folder,
      entry,
      kept.map((name) => join(plans, name)),
    );
    await Promise.all([bundleHunter(hunt.#path('hunter')), bundleSimulator(entry, hunt.#path('sound'))]);
    return hunt;
  }

  /** Runs seeds until one finds the bug. @param triesMax plans that are tried to say how many actions of the seed's plan it takes. */
  async for(bug: PlantedBug, { from = 1, to, triesMax = 0 }: { from?: number; to: number; triesMax?: number }): Promise<Hunted> {
    const bundle = this.#path(bug.name);
    await bundleSimulator(this.entry, bundle, bug);
    try {
      const args = [
        ...SIMULATION_FLAGS,
        this.#path('hunter'),
        bug.name,
        bundle,
        this.#path('sound'),
        String(from),
        String(to),
        String(triesMax),
        ...this.plans,
      ];
      const { stdout } = await run(process.execPath, args);
      return JSON.parse(stdout) as Hunted;
    } finally {
      await rm(bundle, { force: true });
    }
  }

  #path(name: string): string {
    return join(this.folder, `${name}.cjs`);
  }
}
