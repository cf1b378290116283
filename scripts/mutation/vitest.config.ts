import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { OWN_PROCESS } from '../../tests/support/processes.js';
import workspace from '../../vitest.config.js';
import { ShortestFirst } from './shortest-first.js';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: workspace.resolve,
  test: {
    include: ['packages/gateway-core/test/**/*.test.ts'],
    // Those that measure their process find another one here.
    exclude: OWN_PROCESS,
    isolate: false,
    sequence: { sequencer: ShortestFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: [fileURLToPath(new URL('coverage-of-one-file.ts', import.meta.url))],
  },
});
