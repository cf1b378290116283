import { type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { BUN, BUN_VERSION } from '../runtimes/binaries.js';
import { all, environmentOf, type Instruction, ignores, one } from './dockerfile.js';
import { buildImage, cleanEnvironment, dockerfile, dockerignore, finalStage, fromOf, stages } from './image.js';

const bunStage = stages.find((stage) => fromOf(stage).name === 'bun') ?? [];
const ours = ['gateway-cli', 'gateway-core', 'gateway-jwt', 'gateway-protocol', 'gateway-redis'];

describe('the stages, run in empty folders', () => {
  const temporary = mkdtempSync(join(tmpdir(), 'gateway-image-'));
  let image: string;
  beforeAll(async () => {
    image = await buildImage(temporary);
    // A cold store fills from the registry first.
  }, 300_000);
  afterAll(() => rmSync(temporary, { recursive: true }));

  const list = () => readdirSync(image, { recursive: true, withFileTypes: true });

  const manifestIn = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  /** The manifests of the packages from elsewhere. */
  const installed = () =>
    readdirSync(join(image, 'app/node_modules/.pnpm'), { recursive: true, withFileTypes: true })
      .filter(({ name }) => name === 'package.json')
      .map(({ parentPath }) => parentPath)
      .filter((folder) => /\.pnpm\/[^/]+\/node_modules\/(@[^/]+\/)?[^/]+$/.test(folder))
      .map(manifestIn);

  test('leaves nothing that points out of the image', () => {
    const links = list().filter((entry) => entry.isSymbolicLink());
    expect(links.length).toBeGreaterThan(0);
    const outside = links.map(({ parentPath, name }) => relative(image, realpathSync(join(parentPath, name))));
    expect(outside.filter((path) => path.startsWith('..'))).toEqual([]);
  });

  test.each(ours)('leaves of %s what it publishes', (name) => {
    const folder = join(image, 'app/packages', name);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    expect(manifest.name).toBe(name);
    // And what it needs, linked.
    const published = ['package.json', 'README.md', 'node_modules', ...manifest.files];
    expect(readdirSync(folder).filter((entry) => !published.includes(entry))).toEqual([]);
    const dist = readdirSync(join(folder, 'dist'), { recursive: true }).map(String);
    expect(dist).toContain('esm/index.js');
    expect(dist.filter((path) => /\.test\.|(?<!\.d)\.ts$/.test(path))).toEqual([]);
  });

  test('leaves no package that only development needs', () => {
    const there = readdirSync(join(image, 'app/node_modules/.pnpm'));
    const has = (name: string) => there.some((entry) => entry.startsWith(`${name.replace('/', '+')}@`));
    for (const name of ['commander', 'pino', 'ws']) expect(has(name), name).toBe(true);
    const manifests = ['', ...ours.map((name) => `packages/${name}/`)].map((folder) =>
      JSON.parse(readFileSync(new URL(`../../${folder}package.json`, import.meta.url), 'utf8')),
    );
    // Also what those need in turn, as `prom-client` needs `@opentelemetry/api`.
    const production = new Set(
      [...manifests.slice(1), ...installed()].flatMap(({ dependencies }) => Object.keys(dependencies ?? {})),
    );
    const development = manifests
      .flatMap(({ devDependencies }) => Object.keys(devDependencies ?? {}))
      .filter((name) => !production.has(name) && name !== 'gateway-cli');
    expect(development.length).toBeGreaterThan(5);
    expect(development.filter(has)).toEqual([]);
  });

  test('leaves a bill of materials that lists the packages that are there, each with its version, licence and checksum, and no others', () => {
    const bill = JSON.parse(readFileSync(join(image, 'app/sbom.cdx.json'), 'utf8'));
    const { bomFormat, metadata, components } = bill as { bomFormat: string; metadata: { component: Part }; components: Part[] };
    expect([bomFormat, nameOf(metadata.component)]).toEqual(['CycloneDX', 'gateway-cli@0.1.0']);
    const manifests = [...installed(), ...ours.map((name) => manifestIn(join(image, 'app/packages', name)))];
    expect(manifests.length).toBeGreaterThan(20);
    expect([metadata.component, ...components].map(nameOf).sort()).toEqual(
      manifests.map(({ name, version }) => `${name}@${version}`).sort(),
    );
    const fromElsewhere = components.filter(({ name }) => !ours.includes(name));
    expect(
      fromElsewhere.filter(({ licenses, externalReferences }) => !licenses?.length || !hasChecksum(externalReferences)),
    ).toEqual([]);
  });

  test.each([
    ['node', finalStage, process.execPath],
    ['bun', bunStage, BUN],
  ])(
    'makes an image for %s whose command serves, whose health check follows it, and whose stop signal drains it',
    async (runtime, stage, program) => {
      // Its binary does not come for every platform.
      if (program === undefined) return;
      const exec = (name: string): string[] => execOf(stage, name);
      const [command, ...args] = [...exec('ENTRYPOINT'), ...exec('CMD')];
      expect(command).toBe(runtime);
      // Wherever the container is told to work.
      const [cwd, inImage] = [temporary, (word: string) => word.replace(/^\/app/, join(image, 'app'))];
      const env = cleanEnvironment({ ...environmentOf(stage), GW_HOST: '127.0.0.1' });
      const stdio: StdioOptions = ['ignore', 'pipe', 'inherit'];
      // GW_PORT stays what the image says; the flag counts, as where it is given to `docker run`.
      const gateway = spawn(program, [...args.map(inImage), '--port', '0'], { cwd, env, stdio });
      const exit = once(gateway, 'exit');
      onTestFinished(() => void gateway.kill('SIGKILL'));
      const ended = exit.then(([code]) => Promise.reject(new Error(`it ended with code ${code}`)));
      const lines = createInterface(gateway.stdout as NodeJS.ReadableStream);
      await Promise.race([once(lines, 'line'), ended]);
      ended.catch(() => {}); // later it may

      const [checker, ...check] = exec('HEALTHCHECK');
      expect(checker).toBe(runtime);
      const health = () => spawnSync(program, check.map(inImage), { cwd, env, stdio: 'ignore' }).status;
      expect(health()).toBe(0);
      gateway.kill(one(stage, 'STOPSIGNAL').rest as NodeJS.Signals);
      expect(await exit).toEqual([0, null]);
      expect(health()).toBe(1);
    },
  );
});

/** What a bill of materials says of one package. */
interface Part {
  name: string;
  /** Its scope. */
  group?: string;
  version: string;
  licenses?: unknown[];
  externalReferences?: { type: string; hashes?: unknown[] }[];
}

const nameOf = ({ group, name, version }: Part) => `${group === undefined ? '' : `${group}/`}${name}@${version}`;
const hasChecksum = (references: Part['externalReferences']) =>
  references?.some(({ type, hashes }) => type === 'distribution' && hashes?.length);

/** The words of an instruction in exec form, which runs without a shell that would keep the signals. */
function execOf(stage: Instruction[], name: string): string[] {
  return JSON.parse(one(stage, name).rest.replace(/^CMD /, ''));
}

test.each([
  ['Node', finalStage],
  ['Bun', bunStage],
])('the image for %s does not run as root', (_name, stage) => {
  expect(one(stage, 'USER').rest).not.toMatch(/^(root|0)\b/);
});

test('the image for Bun is that for Node, but for what runs it', () => {
  const asNode = bunStage
    .slice(1)
    .map(({ name, flags, rest }) => [name, flags, rest.replace(/"bun"/, '"node"').replace(/^bun$/, 'node')]);
  expect(asNode).toEqual(finalStage.slice(1).map(({ name, flags, rest }) => [name, flags, rest]));
  expect(dockerfile).toContain(`ARG BUN_IMAGE=oven/bun:${BUN_VERSION}-slim\n`);
});

test('the image is built without a frontend from a registry', () => {
  expect(dockerfile).not.toMatch(/^#\s*(syntax|escape|check)\s*=/im);
});

test('packages are installed before a source comes, from a store that stays, and nothing is taken from a registry afterwards', () => {
  for (const stage of stages) {
    const words = stage.map(({ name, flags, rest }) => ({ name, rest, flags: flags.join(' ') }));
    const installs = words.flatMap(({ name, rest }, index) => (name === 'RUN' && /\b(npx|npm|pnpm)\b/.test(rest) ? [index] : []));
    for (const index of installs) {
      const { rest, flags } = words[index] as (typeof words)[number];
      const { STORE } = environmentOf(stages.find((one) => fromOf(one).name === fromOf(stage).base) ?? []);
      expect(STORE).toMatch(/^\//);
      expect(flags).toContain(`--mount=type=cache,target=${STORE},`);
      expect(rest).toContain('--frozen-lockfile');
      expect(rest).toContain('--store-dir "$STORE"');
      const before = [...(stages.find((one) => fromOf(one).name === fromOf(stage).base) ?? []), ...stage.slice(0, index)];
      const copied = all(before, 'COPY').flatMap(({ rest }) => rest.split(' ').slice(0, -1));
      expect(copied.length).toBeGreaterThan(3);
      expect(copied.filter((path) => !/(^|\/)package\.json$|^pnpm-[\w-]+\.yaml$/.test(path))).toEqual([]);
    }
  }
  expect(stages.flatMap((stage) => all(stage, 'RUN')).filter(({ rest }) => rest.includes('install'))).toHaveLength(2);
});

test.each([
  '.git/config',
  '.env',
  '.env.local',
  '.npmrc',
  '.pnpm-store/v11/files/00/0',
  'server.pem',
  'README.md',
  'packages/gateway-cli/.env',
  'packages/gateway-cli/.env.production',
  'packages/gateway-cli/.npmrc',
  'packages/gateway-cli/README.md',
  'packages/gateway-cli/src/.env',
  'packages/gateway-cli/src/key.pem',
  'packages/gateway-cli/test/config.test.ts',
  'packages/gateway-core/dist/esm/index.js',
  'packages/gateway-core/node_modules/ws/index.js',
  'infra/nginx/certs/privkey.pem',
  'node_modules/ws/index.js',
  'whatever/comes/later.json',
])('%s stays out of the build', (path) => {
  expect(ignores(dockerignore, path)).toBe(true);
});

test.each([
  'package.json',
  'pnpm-lock.yaml',
  'packages/gateway-cli/package.json',
  'packages/gateway-cli/src/bin.ts',
  'packages/gateway-cli/src/bench/generator/load.ts',
  'scripts/build.mjs',
])('%s goes into the build', (path) => {
  expect(ignores(dockerignore, path)).toBe(false);
});

test.each([
  [['*', '!a', '**/*.pem'], 'a/b/c.pem', true],
  [['*', '!a', '**/*.pem'], 'a/b/c.txt', false],
  [['*', '!a/*/src/**/*.ts'], 'a/b/src/c.ts', false],
  [['*', '!a/*/src/**/*.ts'], 'a/b/src/c/d/e.ts', false],
  [['*', '!a/*/src/**/*.ts'], 'a/b/c/src/d.ts', true],
  [['*', '!a/*/src/**/*.ts'], 'a/b/src/c.tsx', true],
  [['**/.env*'], 'a/.env.local', true],
  [['b'], 'a/b', false],
])('with %j, %s is left out: %s', (patterns, path, out) => {
  expect(ignores(patterns, path)).toBe(out);
});
