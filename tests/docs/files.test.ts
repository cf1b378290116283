import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CORE_LAYERS } from '../tidy/layers.js';
import { filesInGit, packageNames, read, root } from '../tidy/tree.js';
import { codeIn, documents, proseOf, tableOf } from './markdown.js';

/** A file or folder as documents write it: with a slash, or with an ending that files here have. */
const PATH = /^(?:\.?[\w-][\w.-]*\/)*(?:[\w-][\w.*-]*\.(?:md|ts|mts|mjs|js|json|ya?ml|conf|sh|pem)|Dockerfile|[\w-]+\/)$/;
/** Written by a script that is here, or by the reader. */
const MADE_LATER: Readonly<Record<string, string>> = {
  'fullchain.pem': 'infra/nginx/make-certs.sh',
  'privkey.pem': 'infra/nginx/make-certs.sh',
  'dist/': 'scripts/build.mjs',
  'coverage/mutation.json': 'scripts/mutation.mjs',
};

/** Packages that are called like a file. */
const DEPENDENCIES: ReadonlySet<string> = new Set(packageNames.flatMap(dependenciesOf));

const described = documents.filter((document) => document !== 'CHANGELOG.md');

test.each(described)('%s: every file that it names exists', (document) => {
  const named = codeIn(proseOf(document)).filter((code) => PATH.test(code) && code !== 'hello.mjs');
  expect(named.filter((path) => !DEPENDENCIES.has(path) && !exists(document, path))).toEqual([]);
});

test('SYSTEM_SYNC.md names files, and every package, example and folder of the repository', () => {
  const named = codeIn(proseOf('SYSTEM_SYNC.md')).filter((code) => PATH.test(code));
  expect(named.length).toBeGreaterThan(25);
  const folders = new Set(filesInGit().flatMap((path) => path.match(/^(?:(?:packages|examples)\/)?[\w-]+\//) ?? []));
  expect(folders).toContain('packages/gateway-core/');
  const text = proseOf('SYSTEM_SYNC.md');
  expect([...folders].filter((folder) => !text.includes(folder))).toEqual([]);
});

test('docs/architecture.md has the layers of gateway-core as the house rules have them', () => {
  const rows = tableOf('docs/architecture.md', 'Inside gateway-core');
  expect(Object.fromEntries(rows.map(([layer, files = '']) => [layer, codeIn(files)]))).toEqual(CORE_LAYERS);
});

test('docs/architecture.md lists the packages with what they depend on', () => {
  const rows = tableOf('docs/architecture.md', 'Packages');
  const listed = rows.map(([name = '', , dependsOn = '']) => [codeIn(name)[0], codeIn(dependsOn).sort()]);
  const found = packageNames.map((name) => [`packages/${name}`, dependenciesOf(name).sort()]);
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(found));
});

function dependenciesOf(name: string): string[] {
  const { dependencies = {} } = JSON.parse(read(`packages/${name}/package.json`));
  return Object.keys(dependencies);
}

function exists(document: string, path: string): boolean {
  const maker = MADE_LATER[path];
  if (maker !== undefined) return read(maker).includes(path.replace(/\/$/, ''));
  // A bare name is one beside the document, or one of the package that the text is about.
  const places = ['', join(document, '..'), ...packageNames.map((name) => `packages/${name}/src`)];
  return places.some((place) => existsSync(join(root, place, path.replace(/\*.*$/, ''))));
}
