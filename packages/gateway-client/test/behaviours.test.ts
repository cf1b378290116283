import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const BEHAVIOURS = 85;

test('every behaviour of the client has a test that names it', () => {
  // What a browser does is tested with the pages of the example, whole schedules by the simulator.
  const folders = ['.', '../../../tests/chat/', '../../gateway-sim/test/'].map((folder) => new URL(folder, import.meta.url));
  const titles = folders
    .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => new URL(String(name), folder)))
    .filter(({ pathname }) => pathname.endsWith('.test.ts') && !pathname.endsWith('behaviours.test.ts'))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/^\s*(?:test|describe|['`]).*$/gm)].map(([line]) => line));
  const held = new Set(titles.flatMap((line) => [...line.matchAll(/\[B(\d+)\]/g)].map(([, number]) => Number(number))));
  const all = Array.from({ length: BEHAVIOURS }, (_, index) => index + 1);
  expect([...held].sort((one, other) => one - other)).toEqual(all);
});
