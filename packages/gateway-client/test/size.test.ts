import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'tsup';
import { expect, onTestFinished, test } from 'vitest';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** In bytes. It is what the client has come to; more needs a reason. */
const SIZE_MAX = 13_250;

/** What an application of one line ships: bundled, minified, and compressed as servers do it. */
async function bundledBytes(): Promise<{ minified: number; brotli: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-size-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const entry = join(folder, 'application.ts');
  await writeFile(entry, `export { createClient } from ${JSON.stringify(source('../src/index.ts'))};\n`);
  await build({
    entry: { application: entry },
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
    esbuildOptions(options) {
      options.alias = { 'gateway-protocol': source('../../gateway-protocol/src/index.ts') };
    },
    noExternal: [/./],
  });
  const text = await readFile(join(folder, 'application.mjs'));
  return { minified: text.length, brotli: brotliCompressSync(text).length };
}

test('[B83] the client is as small as its README says, and has not grown', async () => {
  const { minified, brotli } = await bundledBytes();
  expect(brotli).toBeLessThanOrEqual(SIZE_MAX);
  const said = readFileSync(new URL('../README.md', import.meta.url), 'utf8').match(
    /([\d.]+) kB minified and compressed with brotli \(([\d.]+) kB minified\)/,
  );
  expect(said?.slice(1)).toEqual([(brotli / 1000).toFixed(1), (minified / 1000).toFixed(1)]);
});
