import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    // Tests run against the sources, so a failing line is a line somebody wrote. Packed packages have tests of their own.
    alias: [
      { find: /^gateway-protocol$/, replacement: source('./packages/gateway-protocol/src/index.ts') },
      { find: /^gateway-core$/, replacement: source('./packages/gateway-core/src/index.ts') },
      { find: /^gateway-core\/testing$/, replacement: source('./packages/gateway-core/src/testing/index.ts') },
      { find: /^gateway-cli$/, replacement: source('./packages/gateway-cli/src/index.ts') },
    ],
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'tests/**/*.test.ts', 'bench/test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
