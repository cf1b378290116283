import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { TotalsReporter } from '../../scripts/totals-reporter.js';
import workspace from '../../vitest.config.js';

/** docs/vps.md on a Debian of its own: a command of its own, since it installs a system and waits for a real alert. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: workspace.resolve,
  test: {
    include: ['tests/deploy/**/*.test.ts'],
    reporters: [['default', { summary: false }], new TotalsReporter()],
    // A section needs those before it.
    bail: 1,
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
  },
});
