import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { describe, expect, inject, test } from 'vitest';
import { read } from '../tidy/tree.js';
import { output } from './run.js';

const consumer = inject('consumer');
const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));

test('every package is packed, once', () => {
  const names = inject('tarballs').map((tarball) => basename(tarball).replace(/-\d.*$/, ''));
  expect(names.sort()).toEqual([
    'gateway-cli',
    'gateway-client',
    'gateway-core',
    'gateway-jwt',
    'gateway-otel',
    'gateway-protocol',
    'gateway-redis',
    'gateway-sim',
  ]);
});

describe.each(inject('tarballs').map((tarball) => ({ tarball, name: basename(tarball) })))('$name', ({ tarball }) => {
  test('has nothing that publint finds fault with', async () => {
    const bytes = await readFile(tarball);
    const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(bytes).buffer }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  test('has types that are true in every way of resolving them', async () => {
    const attw = fromHere('./node_modules/@arethetypeswrong/cli/dist/index.js');
    const report = await output(consumer, process.execPath, [attw, tarball, '--format', 'ascii', '--no-color', '--no-emoji']);
    expect(report).toContain('No problems found');
  });

  test('carries its licence, a source map for each script, and no test', async () => {
    const files = (await output(consumer, 'tar', ['-tzf', tarball])).trim().split('\n');
    expect(files).toContain('package/LICENSE');
    // What pages run is minified, and nobody looks into it: a map would be larger than the rest of the package.
    const scripts = files.filter((file) => file.endsWith('.js'));
    expect(scripts.length).toBeGreaterThan(1);
    expect(scripts.filter((file) => !file.includes('/playground/') && !files.includes(`${file}.map`))).toEqual([]);
    expect(files.filter((file) => /\.test\.|\/test\/|\/src\//.test(file))).toEqual([]);
  });
});

test('gateway-cli brings every file that docs/vps.md takes from it', async () => {
  const named = [...read('docs/vps.md').matchAll(/\$INFRA\/([\w./-]+)/g)].map(([, name]) => `package/infra/${name}`);
  expect(named.length).toBeGreaterThan(10);
  const tarball = inject('tarballs').find((path) => basename(path).startsWith('gateway-cli-')) as string;
  const files = (await output(consumer, 'tar', ['-tzf', tarball])).split('\n');
  expect(named.filter((name) => !files.includes(name))).toEqual([]);
});

test.each(['types.mts', 'types.cts'])('%s of a strict application compiles against the declarations', async (file) => {
  const tsc = fromHere('../../node_modules/typescript/bin/tsc');
  const nodeTypes = ['--types', 'node', '--typeRoots', fromHere('../../node_modules/@types')];
  const args = ['--ignoreConfig', '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', ...nodeTypes, file];
  expect(await output(consumer, process.execPath, [tsc, ...args])).toBe('');
});
