import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { TotalsReporter } from '../../scripts/totals-reporter.js';
import workspace from '../../vitest.config.js';

/** What a fault in would be worst, by the files that it stands in: each of them as a whole has 95 % of its branches run. */
const PARTS = {
  contract: ['packages/gateway-protocol/src/**/*.ts'],
  log: ['log*', '*-log', 'cursor*', 'older-entries', 'conflation'].map((name) => `packages/gateway-core/src/groups/${name}.ts`),
  members: ['packages/gateway-core/src/members/*.ts'],
  router: ['packages/gateway-core/src/router.ts'],
};
const BRANCHES_LEAST = 95;

/** A part is one pattern to the thresholds. */
const patternOf = (files: readonly string[]) => (files.length === 1 ? (files[0] as string) : `{${files.join(',')}}`);

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: workspace.resolve,
  test: {
    // All that run the sources in the process of the test. What starts a gateway as a process of its own covers nothing that is seen here.
    include: [
      'packages/gateway-{protocol,client,core,sim}/test/**/*.test.ts',
      'tests/{abuse,compat,contract,fuzz,shared-server}/**/*.test.ts',
    ],
    // The one measures a bundle; the other reads, and so clears, the counters that coverage is made of.
    exclude: ['packages/gateway-client/test/size.test.ts', 'tests/fuzz/decode.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default', new TotalsReporter()],
    coverage: {
      enabled: true,
      provider: 'v8',
      include: Object.values(PARTS).flat(),
      reporter: [['text', { maxCols: 160 }], 'json-summary'],
      thresholds: Object.fromEntries(Object.values(PARTS).map((files) => [patternOf(files), { branches: BRANCHES_LEAST }])),
    },
  },
});
