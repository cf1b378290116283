import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { filesInGit, packageNames, read, root, sourcesOf } from './tree.js';

const LINES_MAX = 250;
/** Home folders and the like. A path inside a URL, an image or a container's file system is none. */
const MACHINE_PATH = /(?<![\w.~$}/:-])\/(?:home|root|work|Users|tmp)\/[\w.@-]+/g;
/** Their absolute paths belong to the machine that they describe, not to the one that wrote them. */
const DESCRIBES_A_MACHINE = /^(Dockerfile|docker-compose\.yml|infra\/nginx\/.*\.conf)$/;

const texts = filesInGit()
  .filter((path) => !/\.(png|ico|woff2|gz)$/.test(path))
  .map((path) => ({ path, text: read(path) }));

test('no source file is longer than 250 lines', () => {
  const long = packageNames.flatMap(sourcesOf).filter((path) => read(path).trimEnd().split('\n').length > LINES_MAX);
  expect(long).toEqual([]);
});

test('no file in git holds a path of the machine it was written on', () => {
  const found = texts
    .filter(({ path }) => !DESCRIBES_A_MACHINE.test(path))
    .flatMap(({ path, text }) => (text.match(MACHINE_PATH) ?? []).map((match) => `${path}: ${match}`));
  expect(found).toEqual([]);
});

test('the lockfile names no registry', () => {
  expect(read('pnpm-lock.yaml').match(/https?:\/\/\S+|tarball:.*/g) ?? []).toEqual([]);
});

test('every package in the lockfile says that it runs on Node 20', () => {
  const wanted = [...read('pnpm-lock.yaml').matchAll(/^ {2}'?([^\n:]+?)'?:\n(?: {4}.*\n)*? {4}engines: \{.*?node: '?([^'}]+)/gm)];
  expect(wanted.length).toBeGreaterThan(100);
  const newer = wanted.filter(([, , range = '']) => !range.split('||').some((part) => Number(part.match(/\d+/)?.[0] ?? 0) <= 20));
  expect(newer.map(([, name, range]) => `${name} wants ${range}`)).toEqual([]);
});

test('one command is enough on a fresh clone: pnpm installs what is missing before it runs a script', () => {
  expect(parse(read('pnpm-workspace.yaml'))).toMatchObject({ verifyDepsBeforeRun: 'install' });
});

test('one version of pnpm is named everywhere', () => {
  const { packageManager } = JSON.parse(read('package.json'));
  expect(packageManager).toMatch(/^pnpm@\d+\.\d+\.\d+$/);
  // Tests of the documents hold them to the version, with others as examples.
  const named = texts.filter(({ path }) => !path.endsWith('.test.ts'));
  const others = named.flatMap(({ path, text }) =>
    (text.match(/\bpnpm@\d+\.\d+\.\d+/g) ?? [])
      .filter((version) => version !== packageManager)
      .map((version) => `${path}: ${version}`),
  );
  expect(others).toEqual([]);
});

test('scripts run where npx brought pnpm: none calls pnpm or npx by itself', () => {
  const manifests = texts.filter(({ path }) => /(^|\/)package\.json$/.test(path));
  const scripts = manifests.flatMap(({ path, text }) =>
    Object.entries<string>(JSON.parse(text).scripts ?? {}).map(([name, script]) => `${path} ${name}: ${script}`),
  );
  expect(scripts.filter((script) => /: (.*[;&| ])?(pnpm|pnpx|npm|npx|yarn)\s/.test(script))).toEqual([]);
});

test('no package puts another node ahead of the one that scripts are run with', () => {
  // pnpm puts this folder first on the PATH of every script.
  expect(existsSync(join(root, 'node_modules/.bin/node'))).toBe(false);
});
