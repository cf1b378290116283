import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { environmentOf, ignores, one } from './dockerfile.js';
import { buildImage, cleanEnvironment, dockerignore, finalStage } from './image.js';

const ours = ['gateway-cli', 'gateway-core', 'gateway-protocol'];

describe('the build stage, run in an empty folder', () => {
  const temporary = mkdtempSync(join(tmpdir(), 'gateway-image-'));
  let image: string;
  beforeAll(async () => {
    image = await buildImage(temporary);
    // A cold store fills from the registry first.
  }, 300_000);
  afterAll(() => rmSync(temporary, { recursive: true }));

  const list = () => readdirSync(image, { recursive: true, withFileTypes: true });

  test('leaves nothing that points out of the image', () => {
    const links = list().filter((entry) => entry.isSymbolicLink());
    expect(links.length).toBeGreaterThan(0);
    const outside = links.map(({ parentPath, name }) => relative(image, realpathSync(join(parentPath, name))));
    expect(outside.filter((path) => path.startsWith('..'))).toEqual([]);
  });

  test.each(ours)('leaves of %s what it publishes', (name) => {
    const installed = readdirSync(join(image, 'node_modules/.pnpm')).find((entry) => entry.startsWith(`${name}@`));
    const folder = installed === undefined ? image : join(image, 'node_modules/.pnpm', installed, 'node_modules', name);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    expect(manifest.name).toBe(name);
    const published = ['package.json', 'README.md', ...manifest.files];
    // Beside the deployed package itself, pnpm leaves its record of what it installed.
    const pnpm = ['node_modules', 'pnpm-lock.yaml', 'pnpm-workspace.yaml'];
    expect(readdirSync(folder).filter((entry) => !published.includes(entry) && !pnpm.includes(entry))).toEqual([]);
    const dist = readdirSync(join(folder, 'dist'), { recursive: true }).map(String);
    expect(dist).toContain('esm/index.js');
    expect(dist.filter((path) => /\.test\.|(?<!\.d)\.ts$/.test(path))).toEqual([]);
  });

  test('leaves no package that only development needs', () => {
    const there = readdirSync(join(image, 'node_modules/.pnpm'));
    const has = (name: string) => there.some((entry) => entry.startsWith(`${name.replace('/', '+')}@`));
    for (const name of ['commander', 'pino', 'ws']) expect(has(name), name).toBe(true);
    const manifests = ['', ...ours.map((name) => `packages/${name}/`)].map((folder) =>
      JSON.parse(readFileSync(new URL(`../../${folder}package.json`, import.meta.url), 'utf8')),
    );
    const production = new Set(manifests.slice(1).flatMap(({ dependencies }) => Object.keys(dependencies ?? {})));
    const development = manifests
      .flatMap(({ devDependencies }) => Object.keys(devDependencies ?? {}))
      .filter((name) => !production.has(name) && name !== 'gateway-cli');
    expect(development.length).toBeGreaterThan(5);
    expect(development.filter(has)).toEqual([]);
  });

  test('makes an image whose command serves, whose health check follows it, and whose stop signal drains it', async () => {
    const [command = '', ...args] = [...exec('ENTRYPOINT'), ...exec('CMD')];
    expect(command).toBe('node');
    const env = cleanEnvironment({ ...environmentOf(finalStage), GW_PORT: '0', GW_HOST: '127.0.0.1' });
    const gateway = spawn(process.execPath, args, { cwd: image, env, stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(gateway, 'exit');
    onTestFinished(() => void gateway.kill('SIGKILL'));
    const ended = exit.then(([code]) => Promise.reject(new Error(`it ended with code ${code}`)));
    const [line] = await Promise.race([once(createInterface(gateway.stdout), 'line'), ended]);
    ended.catch(() => {}); // later it may
    const { port } = JSON.parse(line);

    const [node, ...check] = exec('HEALTHCHECK');
    expect(node).toBe('node');
    const health = () => spawnSync(process.execPath, check, { env: { ...env, GW_PORT: String(port) }, stdio: 'ignore' }).status;
    expect(health()).toBe(0);
    gateway.kill(one(finalStage, 'STOPSIGNAL').rest as NodeJS.Signals);
    expect(await exit).toEqual([0, null]);
    expect(health()).toBe(1);
  });
});

/** The words of an instruction in exec form, which runs without a shell that would keep the signals. */
function exec(name: string): string[] {
  return JSON.parse(one(finalStage, name).rest.replace(/^CMD /, ''));
}

test('the image does not run as root', () => {
  const user = one(finalStage, 'USER').rest;
  expect(user).not.toMatch(/^(root|0)\b/);
});

test.each([
  '.git/config',
  '.env',
  'packages/gateway-cli/.env',
  'infra/nginx/certs/privkey.pem',
  'node_modules/ws/index.js',
  'packages/gateway-core/dist/esm/index.js',
])('%s stays out of the build', (path) => {
  expect(ignores(dockerignore, path)).toBe(true);
});

test.each(['package.json', 'pnpm-lock.yaml', '.gitignore', 'packages/gateway-cli/src/bin.ts', 'scripts/build.mjs'])(
  '%s goes into the build',
  (path) => {
    expect(ignores(dockerignore, path)).toBe(false);
  },
);
