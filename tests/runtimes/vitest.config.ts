import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { TotalsReporter } from '../../scripts/totals-reporter.js';
import workspace from '../../vitest.config.js';

/** The built gateway on runtimes other than Node: a command of its own, for their binaries start many processes. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: workspace.resolve,
  test: {
    include: ['tests/runtimes/**/*.test.ts'],
    reporters: ['default', new TotalsReporter()],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
