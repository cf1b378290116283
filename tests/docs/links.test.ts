import { existsSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../tidy/tree.js';
import { anchorsOf, blocksOf, documents, proseOf } from './markdown.js';

test('the documents are found', () => {
  expect(documents).toEqual(expect.arrayContaining(['README.md', 'PROTOCOL.md', 'docs/architecture.md']));
});

test.each(documents)('%s: every link leads somewhere', (document) => {
  const prose = proseOf(document).replaceAll(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] as string);
  const dead = targets.filter((target) => !leads(document, target));
  expect(dead).toEqual([]);
});

test.each(documents.filter((document) => document.startsWith('packages/')))('%s: no link leaves the package', (document) => {
  // It is packed, and read where the rest of the repository is not.
  const targets = [...proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] as string);
  expect(targets.filter((target) => target.startsWith('..'))).toEqual([]);
});

test.each(documents)('%s: every JSON example parses', (document) => {
  for (const { text, line, language } of blocksOf(document)) {
    if (language === 'json') expect(() => JSON.parse(text), `line ${line}`).not.toThrow();
  }
});

/** Links to elsewhere are https and are not followed: tests stay on this machine. */
function leads(document: string, target: string): boolean {
  if (/^[a-z]+:/.test(target)) return target.startsWith('https://');
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? document : posix.join(posix.dirname(document), path);
  if (file.startsWith('..') || !existsSync(posix.join(root, file))) return false;
  if (anchor === undefined) return true;
  return statSync(posix.join(root, file)).isFile() && anchorsOf(file).includes(anchor);
}
