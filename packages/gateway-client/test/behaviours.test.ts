import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const BEHAVIOURS = 85;
/** What cannot be shown here, and where it is held. */
const ELSEWHERE: Readonly<Record<number, string>> = {
  73: 'gateway-client/react: StrictMode',
  74: 'gateway-client/react: rendering on a server',
  75: 'gateway-client/react: inline options',
  76: 'gateway-client/react: bursts',
  77: 'gateway-client/react: unmounting while joining',
  78: 'a browser: back and forward',
  79: 'a browser: reload',
  82: 'gateway-client/react-native',
  85: 'the simulator of whole schedules',
};

test('every behaviour of the client has a test that names it, or is known to be held elsewhere', () => {
  const folder = new URL('.', import.meta.url);
  const titles = readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts') && name !== 'behaviours.test.ts')
    .flatMap((name) =>
      [...readFileSync(new URL(name, folder), 'utf8').matchAll(/^\s*(?:test|describe)\b.*$/gm)].map(([line]) => line),
    );
  const held = new Set(titles.flatMap((line) => [...line.matchAll(/\[B(\d+)\]/g)].map(([, number]) => Number(number))));
  const elsewhere = Object.keys(ELSEWHERE).map(Number);
  expect(elsewhere.filter((number) => held.has(number))).toEqual([]);
  const all = Array.from({ length: BEHAVIOURS }, (_, index) => index + 1);
  expect([...held, ...elsewhere].sort((one, other) => one - other)).toEqual(all);
});
