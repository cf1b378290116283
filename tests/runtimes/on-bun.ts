import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BUN } from './binaries.js';
import { NEEDS_NODE } from './needs-node.js';

if (BUN === undefined) {
  console.log('No tests ran on Bun: its binary does not come for this platform.');
} else {
  console.log('The tests that run on Bun, but for these:');
  for (const [file, reason] of Object.entries(NEEDS_NODE)) console.log(`  ${file}: ${reason}`);
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const vitest = ['--bun', 'node_modules/vitest/vitest.mjs', 'run', '--config', 'tests/runtimes/on-bun.config.ts'];
  process.exitCode = spawnSync(BUN, vitest, { cwd: root, stdio: 'inherit' }).status ?? 1;
}
