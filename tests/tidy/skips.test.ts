import { expect, test } from 'vitest';
import { silentSkips } from './skips.js';
import { filesInGit, read } from './tree.js';

test('no test is left out without a reason', () => {
  const files = filesInGit().filter((path) => path.endsWith('.test.ts'));
  expect(files.length).toBeGreaterThan(0);
  expect(files.flatMap((path) => silentSkips(path, read(path)))).toEqual([]);
});

test.each([
  "test.only('a', f)",
  "// because\ntest.only('a', f)",
  "describe.concurrent.only('a', f)",
  "test.skip('a', f)",
  "test.skipIf(true)('a', f)",
  "describe.runIf(false)('a', f)",
  "it.todo('a')",
  "test('a', (context) => context.skip())",
  "test('a', ({ skip }) => skip(true))",
])('`%s` is refused', (text) => {
  expect(silentSkips('a.test.ts', text)).toHaveLength(1);
});

test.each([
  "// nginx is not installed everywhere\ntest.skipIf(true)('a', f)",
  "test.skip('a', f) // broken upstream",
  "test('a', (context) => context.skip('no nginx'))",
  "test('a', ({ skip }) => skip(missing, `no nginx`))",
  'reader.skip()',
  "test.each([])('a', f)",
])('`%s` is fine', (text) => {
  expect(silentSkips('a.test.ts', text)).toEqual([]);
});
