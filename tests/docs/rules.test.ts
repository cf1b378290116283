import { describe, expect, test } from 'vitest';
import { filesInGit, read } from '../tidy/tree.js';
import { rulesNamedIn, rulesOf } from './rules.js';
import { UNTESTED } from './untested-rules.js';

const rules = rulesOf('PROTOCOL.md');
const untested = UNTESTED.flatMap((each) => each.rules);
const tests = filesInGit().filter((path) => path.endsWith('.test.ts'));
/** By rule: the files with tests that name it. */
const named = new Map<string, Set<string>>();
for (const path of tests) {
  const text = read(path);
  if (!/ \[[RC]\d/.test(text)) continue;
  for (const rule of rulesNamedIn(path, text)) named.set(rule, (named.get(rule) ?? new Set()).add(path));
}

describe('the rules of PROTOCOL.md and the tests that hold them are the same', () => {
  test('no rule stands twice', () => {
    expect(rules.length).toBeGreaterThan(200);
    expect(rules.filter((rule, index) => rules.indexOf(rule) !== index)).toEqual([]);
  });

  test('every rule that a test names is there', () => {
    const gone = [...named].filter(([rule]) => !rules.includes(rule)).map(([rule, paths]) => `${rule} in ${[...paths]}`);
    expect(gone).toEqual([]);
  });

  test('every rule is named by a test, or listed as one that none holds', () => {
    expect(rules.filter((rule) => !named.has(rule) && !untested.includes(rule))).toEqual([]);
  });

  test('what is listed as untested is a rule, and no test names it', () => {
    expect(untested.filter((rule) => !rules.includes(rule) || named.has(rule))).toEqual([]);
    // Whatever the gateway promises is held by a test.
    expect(untested.filter((rule) => rule.startsWith('R'))).toEqual([]);
  });
});

test.each([
  ["test('a claim [R1] [C2]', () => {})", ['R1', 'C2']],
  ["test.each([1])('%i [R3]', () => {})", ['R3']],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source of a test.
  ['test.skipIf(no)(`${what} is a claim [R4]`, () => {})', ['R4']],
  ["test('[R5] of which the end says nothing', () => {})", []],
  ["describe('all of these [R6]', () => {})", []],
  ["expect('no title [R7]')", []],
])('in %j the rules are %j', (text, ids) => {
  expect(rulesNamedIn('a.test.ts', text)).toEqual(ids);
});
