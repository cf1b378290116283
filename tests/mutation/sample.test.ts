import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { describe, intervalOf, keyOf, listMutants, type Mutant, rangeOf, shuffle } from '../../scripts/mutation/sample.mjs';
import { mutantOf, OnlyDrawn } from '../../scripts/mutation/stryker-plugins.mjs';

const mutants = await listMutants();
const keysOf = (some: readonly Mutant[]) => some.map(keyOf);

test('the mutants are those of groups, members and handlers, each with a name of its own', () => {
  const folders = new Set(mutants.map(({ fileName }) => fileName.split('/').at(-2)));
  expect([...folders].sort()).toEqual(['groups', 'handlers', 'members']);
  expect(new Set(keysOf(mutants)).size).toBe(mutants.length);
  expect(mutants.length).toBeGreaterThan(1_000);
});

test('a seed is one order of all mutants, and another seed another one', () => {
  const shuffled = keysOf(shuffle(mutants, 1));
  expect([...shuffled].sort()).toEqual(keysOf(mutants).sort());
  expect(keysOf(shuffle(mutants.toReversed(), 1))).toEqual(shuffled);
  expect(keysOf(shuffle(mutants, 2))).not.toEqual(shuffled);
});

test('a sample has of each folder about what there is of it', () => {
  const shareOf = (folder: string, some: readonly Mutant[]) =>
    some.filter(({ fileName }) => fileName.includes(`/${folder}/`)).length / some.length;
  for (const folder of ['groups', 'members', 'handlers']) {
    expect(Math.abs(shareOf(folder, shuffle(mutants, 1).slice(0, 1_000)) - shareOf(folder, mutants))).toBeLessThan(0.05);
  }
});

test('of those in the range of a mutant the one that was drawn is run', async () => {
  // The body of a class or function: most ranges hold others.
  const [block] = mutants.filter(({ mutatorName }) => mutatorName === 'BlockStatement') as [Mutant];
  const named = mutants.map((mutant, id) => ({ ...mutant, id: `${id}`, fileName: resolve(mutant.fileName) }));
  const checker = new OnlyDrawn({ drawn: [keyOf(block)] });
  expect(await checker.group(named)).toEqual([named.map(({ id }) => id)]);
  const passed = Object.entries(await checker.check(named)).filter(([, { status }]) => status === 'passed');
  expect(passed.map(([id]) => keyOf(mutants[Number(id)] as Mutant))).toEqual([keyOf(block)]);
});

test('a mutant is named as Stryker names its range, and by what is there', () => {
  const [fileName] = ['packages/gateway-core/src/handlers/refusals.ts'];
  const mutant = mutants.find((each) => each.fileName === fileName && each.replacement === '""') as Mutant;
  const { start, end } = mutant.location;
  expect(rangeOf(mutant)).toBe(`${fileName}:${start.line + 1}:${start.column}-${end.line + 1}:${end.column}`);
  expect(describe(mutant)).toMatch(/refusals\.ts:\d+:\d+ StringLiteral: '[^']+' => ""$/);
});

test('what Stryker answers is the mutant that was drawn', () => {
  const [mutant] = mutants as [Mutant];
  const { start, end } = mutant.location;
  const location = {
    start: { line: start.line + 1, column: start.column + 1 },
    end: { line: end.line + 1, column: end.column + 1 },
  };
  const result = { ...mutant, id: '1', status: 'Killed' as const, fileName: resolve(mutant.fileName), location };
  expect(keyOf(mutantOf(result))).toBe(keyOf(mutant));
});

// As tables of Wilson's interval have it.
test.each([
  { hits: 8, count: 10, from: 0.4902, to: 0.9433 },
  { hits: 0, count: 10, from: 0, to: 0.2775 },
  { hits: 10, count: 10, from: 0.7225, to: 1 },
])('$hits of $count are a share between $from and $to', ({ hits, count, from, to }) => {
  const interval = intervalOf(hits, count);
  expect(interval[0]).toBeCloseTo(from, 3);
  expect(interval[1]).toBeCloseTo(to, 3);
});
