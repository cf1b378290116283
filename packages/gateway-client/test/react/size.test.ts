import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'tsup';
import { expect, onTestFinished, test } from 'vitest';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** What an entry adds to an application, in bytes: minified, compressed as servers do it. */
async function bytesOf(entry: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-size-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await build({
    entry: { entry: fileURLToPath(new URL(`../../src/${entry}/index.ts`, import.meta.url)) },
    outDir: folder,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    config: false,
    dts: false,
    clean: false,
    silent: true,
    outExtension: () => ({ js: '.mjs' }),
    // The errors are the client's own, which is there already.
    external: ['react', /errors\.js$/],
  });
  return brotliCompressSync(await readFile(join(folder, 'entry.mjs'))).length;
}

test.each([
  ['react', 1_600],
  ['react-native', 400],
])('[B83] gateway-client/%s adds what the README says, and no more than %i bytes', async (entry, max) => {
  const bytes = await bytesOf(entry);
  expect(bytes).toBeLessThanOrEqual(max);
  const said = readme.match(new RegExp(`\`gateway-client/${entry}\`[^.]*?adds ([\\d.]+) kB`));
  expect(said?.[1]).toBe((bytes / 1000).toFixed(1));
});
