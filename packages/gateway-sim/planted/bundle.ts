import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { PlantedBug } from './planted-bug.js';

const packages = fileURLToPath(new URL('../..', import.meta.url));

const sources = {
  'gateway-protocol': 'gateway-protocol/src/index.ts',
  'gateway-client': 'gateway-client/src/index.ts',
  'gateway-core': 'gateway-core/src/index.ts',
  'gateway-core/testing': 'gateway-core/src/testing/index.ts',
};

/**
 * A source text with a bug in it.
 * @throws Error where the text that it takes the place of is not there exactly once.
 */
export function plantedIn(text: string, { name, file, find, replace }: PlantedBug): string {
  const count = text.split(find).length - 1;
  if (count !== 1) throw new Error(`${name}: its text is in ${file} ${count} times`);
  return text.replace(find, () => replace);
}

/** The source of a bug's file, with the bug in it. */
export function planted(bug: PlantedBug): string {
  return plantedIn(readFileSync(join(packages, bug.file), 'utf8'), bug);
}

/** Bundles a simulator with all that it runs, from their sources, as one CommonJS file. @param bug to be planted; none: as it is. */
export async function bundleSimulator(entry: string, outfile: string, bug?: PlantedBug): Promise<void> {
  await bundle(entry, outfile, bug === undefined ? [] : [planting(bug)]);
}

/** Bundles the script that looks for violations. */
export async function bundleHunter(outfile: string): Promise<void> {
  await bundle(join(packages, 'gateway-sim/planted/hunter.ts'), outfile, []);
}

async function bundle(entry: string, outfile: string, plugins: Plugin[]): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    plugins,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'error',
    // Nobody opens a port in a simulation, so the fallbacks do for what makes `ws` faster.
    external: ['bufferutil', 'utf-8-validate'],
    alias: Object.fromEntries(Object.entries(sources).map(([name, path]) => [name, join(packages, path)])),
  });
}

function planting(bug: PlantedBug): Plugin {
  const path = join(packages, bug.file);
  return {
    name: 'planted bug',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, (file) => (file.path === path ? { contents: planted(bug), loader: 'ts' } : undefined));
    },
  };
}
