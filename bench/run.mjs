// Builds the packages where their build is missing or stale, then runs the benchmark (src/run.ts).
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from '../scripts/build.mjs';

const args = process.argv.slice(2);
// Wherever it is started: the generator runs from the sources of gateway-cli, by the paths in this file.
process.env.TSX_TSCONFIG_PATH = fileURLToPath(new URL('../tsconfig.json', import.meta.url));
const servers = args[args.indexOf('--servers') + 1];
// A run of peers alone measures nothing that has to be built.
const measuresGateway = !args.includes('--help') && (!args.includes('--servers') || servers?.includes('gateway'));

try {
  if (measuresGateway) await build();
  const runner = ['--import', import.meta.resolve('tsx'), fileURLToPath(new URL('src/run.ts', import.meta.url)), ...args];
  process.exitCode = spawnSync(process.execPath, runner, { stdio: 'inherit' }).status ?? 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
