// Builds the packages, skipping those whose inputs have not changed since their last build.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
/** A package stands after those it depends on. */
const PACKAGES = [
  'gateway-protocol',
  'gateway-client',
  'gateway-core',
  'gateway-sim',
  'gateway-redis',
  'gateway-jwt',
  'gateway-otel',
  'gateway-cli',
];
const SHARED_INPUTS = ['pnpm-lock.yaml', 'scripts/build.mjs', 'tsconfig.base.json', 'tsup.base.ts'];
const OUTPUTS = ['dist/esm/index.js', 'dist/cjs/index.js', 'dist/cjs/package.json', 'dist/esm/index.d.ts', 'dist/cjs/index.d.ts'];
const STAMPS = join(root, 'node_modules/.cache/gateway-build');

const run = promisify(execFile);

/** @param {string} folder @param {string} tool @param {string[]} args */
async function runTool(folder, tool, args) {
  try {
    await run(process.execPath, [join(root, 'node_modules', tool), ...args], { cwd: folder, maxBuffer: 64 << 20 });
  } catch (error) {
    const { stdout, stderr } = /** @type {{ stdout: string, stderr: string }} */ (error);
    throw new Error(`${tool} failed in ${folder}\n${stdout}${stderr}`);
  }
}

/** @param {string} folder @returns {string[]} */
function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort();
}

/** Content, not modification times: a fresh checkout or a switched branch then builds exactly what differs. @param {string[]} files @param {string} seed */
function hashOf(files, seed) {
  const hash = createHash('sha256').update(seed);
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

/** @returns {{ name: string, folder: string, stamp: string, hash: string }[]} */
function stalePackages() {
  let hash = hashOf(
    SHARED_INPUTS.map((file) => join(root, file)),
    '',
  );
  return PACKAGES.map((name) => {
    const folder = join(root, 'packages', name);
    const files = ['package.json', 'tsconfig.build.json', 'tsup.config.ts'].map((file) => join(folder, file));
    // Seeded with the package before: its types go into this one's declarations.
    // The page of the playground stands beside the sources, since it is for browsers.
    const sources = ['src', 'page'].map((name) => join(folder, name)).filter((path) => existsSync(path));
    hash = hashOf([...files, ...sources.flatMap(filesUnder)], hash);
    return { name, folder, stamp: join(STAMPS, name), hash };
  }).filter(({ folder, stamp, hash }) => {
    const built = existsSync(stamp) && readFileSync(stamp, 'utf8') === hash;
    return !built || !OUTPUTS.every((file) => existsSync(join(folder, file)));
  });
}

/** Resolves to the names of the packages that were built; rejects with the compiler's output. */
export async function build() {
  const stale = stalePackages();
  for (const { stamp } of stale) rmSync(stamp, { force: true });
  await Promise.all(stale.map(({ folder }) => runTool(folder, 'tsup/dist/cli-default.js', [])));
  for (const { folder, stamp, hash } of stale) {
    await runTool(folder, 'typescript/bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', 'dist/esm']);
    // The same text serves both: which module system a declaration speaks of follows from the package.json above it.
    cpSync(join(folder, 'dist/esm'), join(folder, 'dist/cjs'), {
      recursive: true,
      filter: (path) => !/\.js(\.map)?$/.test(path),
    });
    mkdirSync(STAMPS, { recursive: true });
    writeFileSync(stamp, hash);
  }
  return stale.map(({ name }) => name);
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const startedAt = performance.now();
  try {
    const built = await build();
    if (built.length > 0) console.log(`Built ${built.join(', ')} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exitCode = 1;
  }
}
