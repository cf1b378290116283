import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { TotalsReporter } from '../../scripts/totals-reporter.js';
import workspace from '../../vitest.config.js';
import { NEEDS_NODE } from './needs-node.js';

/** Tests that are not about Node, for Vitest that is run by Bun. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: workspace.resolve,
  test: {
    include: ['packages/*/test/**/*.test.ts', 'tests/{abuse,contract,shared-server}/**/*.test.ts'],
    exclude: ['**/node_modules/**', ...Object.keys(NEEDS_NODE)],
    reporters: ['dot', new TotalsReporter()],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
