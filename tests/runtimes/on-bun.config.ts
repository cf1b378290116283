import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { TotalsReporter } from '../../scripts/totals-reporter.js';
import workspace from '../../vitest.config.js';
import { NEEDS_NODE } from './needs-node.js';

/** The packages' own tests, for Vitest that is run by Bun. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: workspace.resolve,
  test: {
    include: ['protocol', 'core', 'client', 'jwt', 'sim', 'cli'].map((name) => `packages/gateway-${name}/test/**/*.test.ts`),
    exclude: ['**/node_modules/**', ...Object.keys(NEEDS_NODE)],
    reporters: ['dot', new TotalsReporter()],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
