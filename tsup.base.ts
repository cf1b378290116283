import { mkdirSync, writeFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

/**
 * ESM in `dist/esm`, CommonJS in `dist/cjs` with a package.json that says so: each folder then reads the same in Node,
 * in bundlers and in TypeScript. Types come from `scripts/build.mjs`: tsup's own need a compiler API that TypeScript 7 does not have.
 */
export function packageConfig(
  entry: Record<string, string>,
  options: { platform: 'node' | 'neutral'; esmOnly?: string[]; splitting?: boolean },
) {
  const { splitting = true } = options;
  const common: Options = {
    sourcemap: true,
    clean: true,
    target: 'node20',
    platform: options.platform,
    dts: false,
    silent: true,
  };
  const cjsEntry = Object.fromEntries(Object.entries(entry).filter(([name]) => !options.esmOnly?.includes(name)));
  return defineConfig([
    { ...common, entry, format: 'esm', outDir: 'dist/esm', splitting },
    {
      ...common,
      entry: cjsEntry,
      format: 'cjs',
      outDir: 'dist/cjs',
      splitting,
      outExtension: () => ({ js: '.js' }),
      // A syntax error there: who asks finds that there is none, and takes `__dirname`.
      esbuildOptions: (build) => {
        build.define = { ...build.define, 'import.meta.url': 'undefined' };
      },
      onSuccess: async () => {
        mkdirSync('dist/cjs', { recursive: true });
        writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');
      },
    },
  ]);
}
