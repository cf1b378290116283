import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { build } from '../../scripts/build.mjs';
import { output } from './run.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The packages as npm would serve them: paths of their tarballs. */
    tarballs: string[];
    /** A folder into which somebody has installed these tarballs, and React, which one entry takes from its application, with its renderer. */
    consumer: string;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Packs every package into a folder, as npm would serve them. @returns the paths of their tarballs. */
export async function packInto(folder: string): Promise<string[]> {
  const { packageManager } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  // pnpm, since only it turns `workspace:` into versions; by npx, since nothing else is sure to be installed.
  await output(root, 'npx', ['-y', packageManager, '-r', '--filter', './packages/*', 'pack', '--pack-destination', folder]);
  const files = await readdir(folder);
  return files.filter((file) => file.endsWith('.tgz')).map((file) => join(folder, file));
}

async function install(tarballs: readonly string[], consumer: string): Promise<void> {
  await cp(fileURLToPath(new URL('./consumer', import.meta.url)), consumer, { recursive: true });
  await writeFile(join(consumer, 'package.json'), '{ "private": true }\n');
  await output(consumer, 'npm', [
    'install',
    '--no-audit',
    '--no-fund',
    '--no-package-lock',
    '--prefer-offline',
    '--engine-strict',
    ...tarballs,
    'react@19',
    'react-dom@19',
  ]);
}

/** Builds, packs and installs the packages once for all files of this project, and again before each rerun of a watch. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-packed-'));
  const consumer = join(folder, 'consumer');
  const prepare = async () => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(consumer, { recursive: true });
    await build();
    const tarballs = await packInto(folder);
    await install(tarballs, consumer);
    project.provide('tarballs', tarballs);
    project.provide('consumer', consumer);
  };
  await prepare();
  project.onTestsRerun(prepare);
  return () => rm(folder, { recursive: true, force: true });
}
