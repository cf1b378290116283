import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const BEHAVIOURS = 85;
/** What cannot be shown here, and where it is held. */
const ELSEWHERE: Readonly<Record<number, string>> = {
  85: 'a simulator of whole schedules, which is still to come',
};

test('every behaviour of the client has a test that names it, or is known to be held elsewhere', () => {
  // What a browser does is tested with the pages of the example.
  const folders = [new URL('.', import.meta.url), new URL('../../../tests/chat/', import.meta.url)];
  const titles = folders
    .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => new URL(String(name), folder)))
    .filter(({ pathname }) => pathname.endsWith('.test.ts') && !pathname.endsWith('behaviours.test.ts'))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/^\s*(?:test|describe|['`]).*$/gm)].map(([line]) => line));
  const held = new Set(titles.flatMap((line) => [...line.matchAll(/\[B(\d+)\]/g)].map(([, number]) => Number(number))));
  const elsewhere = Object.keys(ELSEWHERE).map(Number);
  expect(elsewhere.filter((number) => held.has(number))).toEqual([]);
  const all = Array.from({ length: BEHAVIOURS }, (_, index) => index + 1);
  expect([...held, ...elsewhere].sort((one, other) => one - other)).toEqual(all);
});
