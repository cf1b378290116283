import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build, type Options } from 'tsup';
import { onTestFinished } from 'vitest';

const source = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** What an application that has this text ships, in bytes: bundled, minified, and compressed as servers do it. */
export async function bundledBytes(text: string, options: Options = {}): Promise<{ minified: number; brotli: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-size-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const entry = join(folder, 'application.ts');
  await writeFile(entry, text);
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
    esbuildOptions(bundle) {
      bundle.alias = { 'gateway-protocol': source('../gateway-protocol/src/index.ts') };
    },
    noExternal: [/./],
    ...options,
  });
  const bundle = await readFile(join(folder, 'application.mjs'));
  return { minified: bundle.length, brotli: brotliCompressSync(bundle).length };
}

/** The text of an application that uses everything of an entry, or some of it. */
export const exporting = (entry: string, names = '*'): string =>
  `export ${names} from ${JSON.stringify(source(`src/${entry}`))};\n`;
