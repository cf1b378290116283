import { readdirSync, readFileSync } from 'node:fs';
import { type Plan, simulate } from 'gateway-sim';
import { expect, test } from 'vitest';

const folder = new URL('../regressions/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));

test('each is told of', () => {
  const told: readonly string[] = readFileSync(new URL('README.md', folder), 'utf8').match(/`[a-z-]+`(?=[,| ])/g) ?? [];
  expect(names.map((name) => `\`${name.slice(0, -5)}\``).filter((name) => !told.includes(name))).toEqual([]);
});

test.each(names)('%s holds', async (name) => {
  const plan = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Plan;
  const { violations } = await simulate({ seed: plan.seed, plan });
  expect(violations).toEqual([]);
});
