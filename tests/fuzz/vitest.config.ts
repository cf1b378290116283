import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { TotalsReporter } from '../../scripts/totals-reporter.js';
import workspace from '../../vitest.config.js';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: workspace.resolve,
  test: {
    include: ['tests/fuzz/*.test.ts'],
    env: { FUZZ_SECONDS: process.env.FUZZ_SECONDS ?? '60' },
    reporters: ['default', new TotalsReporter()],
  },
});
