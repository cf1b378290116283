import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { TotalsReporter } from './scripts/totals-reporter.js';
import { BUILT, OWN_PROCESS, SHARED_PROCESSES } from './tests/support/processes.js';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    // Tests run against the sources, so a failing line is a line somebody wrote. The packed packages have tests of their own.
    alias: [
      { find: /^gateway-protocol$/, replacement: source('./packages/gateway-protocol/src/index.ts') },
      { find: /^gateway-client$/, replacement: source('./packages/gateway-client/src/index.ts') },
      { find: /^gateway-client\/react$/, replacement: source('./packages/gateway-client/src/react/index.ts') },
      { find: /^gateway-client\/react-native$/, replacement: source('./packages/gateway-client/src/react-native/index.ts') },
      { find: /^gateway-core$/, replacement: source('./packages/gateway-core/src/index.ts') },
      { find: /^gateway-core\/testing$/, replacement: source('./packages/gateway-core/src/testing/index.ts') },
      { find: /^gateway-jwt$/, replacement: source('./packages/gateway-jwt/src/index.ts') },
      { find: /^gateway-otel$/, replacement: source('./packages/gateway-otel/src/index.ts') },
      { find: /^gateway-redis$/, replacement: source('./packages/gateway-redis/src/index.ts') },
      { find: /^gateway-sim$/, replacement: source('./packages/gateway-sim/src/index.ts') },
      { find: /^gateway-cli$/, replacement: source('./packages/gateway-cli/src/index.ts') },
      { find: /^gateway-cli\/bench$/, replacement: source('./packages/gateway-cli/src/bench/index.ts') },
    ],
  },
  test: {
    // The last reporter prints last: the plain line of totals ends the output.
    reporters: ['default', new TotalsReporter()],
    // Many files wait for browsers and processes, so there is one more at a time than there are cores.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'source',
          include: [
            ...OWN_PROCESS,
            'packages/gateway-otel/test/**/*.test.ts',
            'packages/gateway-redis/test/**/*.test.ts',
            'examples/*/test/**/*.test.ts',
            'tests/**/*.test.ts',
            'bench/test/**/*.test.ts',
          ],
          // tests/stack, tests/deploy and tests/runtimes have commands of their own.
          exclude: [
            '**/node_modules/**',
            '**/dist/**',
            'tests/packages/**',
            'tests/runtimes/**',
            'tests/deploy/**',
            'tests/stack/**',
            'tests/scale-out/**',
            'tests/sim/**',
            ...BUILT,
          ],
        },
      },
      {
        // The sources are loaded once by each worker, and not again for each file.
        extends: true,
        test: {
          name: 'unit',
          include: SHARED_PROCESSES.map((folder) => `${folder}**/*.test.ts`),
          exclude: ['**/node_modules/**', ...OWN_PROCESS],
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'built',
          include: [...BUILT, 'tests/scale-out/**/*.test.ts', 'tests/sim/**/*.test.ts'],
          globalSetup: ['tests/support/built.ts'],
        },
      },
      {
        // Its setup builds and packs, so it is a project of its own: a run of other files does without.
        extends: true,
        test: { name: 'packages', include: ['tests/packages/**/*.test.ts'], globalSetup: ['tests/packages/pack.ts'] },
      },
    ],
  },
});
