import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { root } from '../../tidy/tree.js';

const source = (path: string) => join(root, 'packages', path);

/** Builds the page of examples/chat against the sources. Resolves to its folder, and what removes it. */
export async function buildPage(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-chat-'));
  await build({
    root: join(root, 'examples/chat'),
    configFile: false,
    // Not `warn`: it would tell that `'use client'` says nothing here.
    logLevel: 'error',
    oxc: { jsx: { runtime: 'automatic' } },
    resolve: {
      alias: [
        { find: /^gateway-protocol$/, replacement: source('gateway-protocol/src/index.ts') },
        { find: /^gateway-client$/, replacement: source('gateway-client/src/index.ts') },
        { find: /^gateway-client\/react$/, replacement: source('gateway-client/src/react/index.ts') },
      ],
      // The sources stand outside of the page, and would find a React of their own.
      dedupe: ['react', 'react-dom'],
    },
    build: { outDir: folder, emptyOutDir: true },
  });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
