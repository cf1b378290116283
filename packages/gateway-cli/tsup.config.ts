import { fileURLToPath } from 'node:url';
import { defineConfig, type Options } from 'tsup';
import { packageConfig } from '../../tsup.base.js';
import { inlinePage } from './page/inline.js';

const source = (name: string) => fileURLToPath(new URL(`../${name}/src/index.ts`, import.meta.url));

const modules = packageConfig(
  { index: 'src/index.ts', 'bench/index': 'src/bench/index.ts', bin: 'src/bin.ts', worker: 'src/worker.ts' },
  { platform: 'node', esmOnly: ['bin', 'worker'] },
);

/** For browsers, with everything that they need in one file. */
const forBrowsers = (options: Options) =>
  defineConfig({
    outDir: 'dist/playground',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    dts: false,
    silent: true,
    noExternal: [/.*/],
    esbuildOptions: (bundle) => {
      // From their sources: the packages are built at the same time. The page must not depend on which is through first.
      bundle.alias = { 'gateway-client': source('gateway-client'), 'gateway-protocol': source('gateway-protocol') };
      bundle.legalComments = 'none';
    },
    ...options,
  });

/** The page of the playground. The client is beside it, where other pages find it too. */
const page = forBrowsers({
  entry: { main: 'page/main.ts' },
  format: 'esm',
  outExtension: () => ({ js: '.js' }),
  esbuildPlugins: [
    {
      name: 'client-beside-the-page',
      setup: ({ onResolve }) => onResolve({ filter: /^gateway-client$/ }, () => ({ path: './client.js', external: true })),
    },
  ],
  onSuccess: async () => inlinePage('page', 'dist/playground'),
});
/** `/playground/client.js`. */
const client = forBrowsers({ entry: { client: source('gateway-client') }, format: 'esm', outExtension: () => ({ js: '.js' }) });

export default [modules, page, client].flat();
