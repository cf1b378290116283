import { existsSync } from 'node:fs';
import { CLOSE_CODES, closeAction } from 'gateway-protocol';
import { expect, test } from 'vitest';
import { filesInGit, read } from '../tidy/tree.js';

const rowsOf = (document: string) =>
  read(document)
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.slice(2, -2).split(' | '));

/** Whether a file of tests has one, or a group of them, of that title; a rule's id may follow it. */
function hasTest(file: string, title: string): boolean {
  const text = title.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`[(,]\\s*['"\`]${text}(?:['"\`]| \\[R\\d)`).test(read(file));
}

test('every threat of SECURITY.md has a test that there is', () => {
  const rows = rowsOf('SECURITY.md').slice(2);
  expect(rows.length).toBeGreaterThan(20);
  const missing = rows.flatMap(([threat, , cell = '']) => {
    const [, file = '', title = ''] = /^`([^`]+)`: (.+)$/.exec(cell) ?? [];
    return existsSync(file) && hasTest(file, title) ? [] : [[threat, file, title]];
  });
  expect(missing).toEqual([]);
  // A word of a title, or of a comment, is no title.
  expect(hasTest('packages/gateway-core/test/client-address.test.ts', 'X-Forwarded-For')).toBe(false);
});

test('llms.txt names files that there are, and every page of docs/ and every skill', () => {
  const named = [...read('llms.txt').matchAll(/\]\(([^)]+)\)/g)].map(([, path]) => path as string);
  const files = filesInGit();
  expect(named.filter((path) => !files.includes(path))).toEqual([]);
  const pages = files.filter((path) => /^docs\/[a-z-]+\.md$/.test(path) || path.endsWith('/SKILL.md'));
  // Found from the others, and for who works on the project.
  const inner = [
    'docs/client.md',
    'docs/mutation.md',
    'docs/performance.md',
    'docs/planted-bugs.md',
    'docs/planted-bugs-redis.md',
    'docs/states.md',
  ];
  expect(pages.filter((path) => !named.includes(path) && !inner.includes(path))).toEqual([]);
});

test('the skill of gateway-cli says of each close code what the client does', () => {
  const table = rowsOf('packages/gateway-cli/SKILL.md').filter(([code = '']) => /^\d/.test(code));
  const told = new Map(
    table.flatMap(([codes = '', , back = '']) => [...codes.matchAll(/\d{4}/g)].map(([code]) => [Number(code), back])),
  );
  const due = Object.values(CLOSE_CODES).map(({ code }) => code);
  expect(due.filter((code) => code >= 4_000 && !told.has(code))).toEqual([]);
  for (const [code, back] of told) {
    const stops = back === 'no' || back === 'with another token';
    expect([code, closeAction(code) === 'stop']).toEqual([code, code < 1_002 ? closeAction(code) === 'stop' : stops]);
  }
});
