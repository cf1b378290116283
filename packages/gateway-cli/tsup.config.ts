import { fileURLToPath } from 'node:url';
import { defineConfig } from 'tsup';
import { packageConfig } from '../../tsup.base.js';
import { inlinePage } from './page/inline.js';

const source = (name: string) => fileURLToPath(new URL(`../${name}/src/index.ts`, import.meta.url));

const modules = packageConfig(
  { index: 'src/index.ts', 'bench/index': 'src/bench/index.ts', bin: 'src/bin.ts' },
  { platform: 'node', esmOnly: ['bin'] },
);

/** The page of the playground, with everything that it needs in one file. */
const page = defineConfig({
  entry: { main: 'page/main.ts' },
  outDir: 'dist/playground',
  format: 'iife',
  platform: 'browser',
  target: 'es2022',
  minify: true,
  clean: true,
  dts: false,
  silent: true,
  noExternal: [/.*/],
  esbuildOptions: (options) => {
    // From their sources: the packages are built at the same time. The page must not depend on which is through first.
    options.alias = { 'gateway-client': source('gateway-client'), 'gateway-protocol': source('gateway-protocol') };
    options.legalComments = 'none';
  },
  onSuccess: async () => inlinePage('page', 'dist/playground'),
});

export default [modules, page].flat();
