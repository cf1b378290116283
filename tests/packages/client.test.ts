import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createGateway } from 'gateway-core';
import { build as viteBuild } from 'vite';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { canRun, NODES } from './nodes.js';
import { output } from './run.js';

const consumer = inject('consumer');
const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What is needed of esbuild, which tsup brings. */
interface Esbuild {
  build(options: Record<string, unknown>): Promise<unknown>;
}
const esbuild: Esbuild = createRequire(createRequire(import.meta.url).resolve('tsup'))('esbuild');

/** Makes one file for browsers of an entry, with everything that it needs. */
type Bundle = (entry: string, folder: string) => Promise<unknown>;

const BUNDLERS: [string, Bundle][] = [
  [
    'Vite',
    (entry, folder) =>
      viteBuild({
        root: consumer,
        configFile: false,
        logLevel: 'error',
        define: { 'process.env.NODE_ENV': '"production"' },
        build: { outDir: folder, emptyOutDir: false, lib: { entry, formats: ['es'], fileName: () => 'bundle.mjs' } },
      }),
  ],
  [
    'esbuild',
    (entry, folder) =>
      esbuild.build({
        entryPoints: [entry],
        outfile: join(folder, 'bundle.mjs'),
        bundle: true,
        minify: true,
        format: 'esm',
        platform: 'browser',
        define: { 'process.env.NODE_ENV': '"production"' },
        logLevel: 'error',
      }),
  ],
];

const SERVED = 'idle 0 silent 0';

describe.each(BUNDLERS)('the packed client, bundled by %s', (name, bundle) => {
  /** The text of a bundle, and where it is. */
  async function bundled(entry: string): Promise<{ text: string; path: string }> {
    const folder = await mkdtemp(join(tmpdir(), 'gateway-bundle-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await bundle(entry, folder);
    const path = join(folder, 'bundle.mjs');
    return { text: await readFile(path, 'utf8'), path };
  }

  test('with its hooks renders a page, and talks to a gateway', async () => {
    const { path } = await bundled(join(consumer, 'client-application.mjs'));
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const gateway = createGateway({ server });
    try {
      const { html, talk } = await import(pathToFileURL(path).href);
      expect(html()).toBe(`<p>${SERVED}</p>`);
      expect(await talk(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/rt`, WebSocket)).toBe('hello');
    } finally {
      await gateway.close();
      server.close();
    }
  });

  test('needs nothing of Node and nothing of React, and what is not used is not in it', async () => {
    const entry = join(consumer, `entry-${name}.mjs`);
    await writeFile(entry, "export { createClient } from 'gateway-client';\n");
    const { text } = await bundled(entry);
    expect(text).not.toMatch(/\bimport\b[^(]*["']|\brequire\(|node:|useSyncExternalStore|Symbol\.for\("react/);
    await writeFile(entry, "import 'gateway-client';\nimport 'gateway-client/react-native';\nexport const nothing = 1;\n");
    expect((await bundled(entry)).text.length).toBeLessThan(100);
  });
});

// The oldest, which has no WebSocket of its own, and the newest.
describe.each([NODES[0]!, NODES.at(-1)!])('under $name', { concurrent: true }, ({ name, program }) => {
  test.for([
    ['import', 'server-rendered.mjs', SERVED],
    ['require', 'server-rendered.cjs', 'idle 0'],
  ] as const)(
    'hooks got by %s render on a server without a window: no connection, and the process ends',
    async ([, script, said], { expect, skip }) => {
      skip(!canRun(program), `${name} does not come for this platform`);
      expect(await output(consumer, program, [script])).toBe(`undefined undefined <p>${said}</p>\n`);
    },
  );
});

const types = (version: string) => fromHere(`./node_modules/typescript-${version}/bin/tsc`);
const CURRENT = fromHere('../../node_modules/typescript/bin/tsc');

// TypeScript 7 has no `node10` any more. Still older, `classic` looks into no package at all, but for `@types`.
test.each([
  ['node16', 'node16', CURRENT],
  ['bundler', 'esnext', CURRENT],
  ['node10', 'commonjs', types('5.9')],
])('the client and its hooks have types under moduleResolution %s', async (moduleResolution, module, tsc) => {
  const config = join(consumer, `tsconfig.${moduleResolution}.json`);
  const compilerOptions = {
    ...{ moduleResolution, module, target: 'es2022', lib: tsc === CURRENT ? ['es2022', 'dom'] : ['es2022'] },
    // The old compiler takes seconds to check the declarations of browsers and React; the current one checks ours as well.
    ...{ strict: true, skipLibCheck: tsc !== CURRENT, noEmit: true, types: [] },
    // The application's own; here they are the repository's.
    paths: { react: [fromHere('../../node_modules/@types/react/index.d.ts')] },
  };
  await writeFile(config, JSON.stringify({ compilerOptions, files: ['client-types.ts'] }));
  expect(await output(consumer, process.execPath, [tsc, '-p', config])).toBe('');
});
