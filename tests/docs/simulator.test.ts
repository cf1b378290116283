import { CHECKS, FAULTS, type RunResult } from 'gateway-sim';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocksOf, codeIn, tableOf } from './markdown.js';
import { makeFolder, removeFolder, run } from './snippets.js';

const README = 'packages/gateway-sim/README.md';

beforeAll(makeFolder);
afterAll(removeFolder);

test('the guide’s page is found to be wrong within the first seeds, in less than a second, and its better one holds', async () => {
  const blocks = blocksOf('docs/simulator.md').filter(({ language }) => language === 'ts');
  expect(blocks).toHaveLength(3);
  const [wrong, runner, right] = await Promise.all(blocks.map(async (block) => (await run(block)).exports));
  const runOrders = runner?.runOrders as (send: unknown, seed: number) => Promise<RunResult>;
  const failing = async (send: unknown, seeds: number) => {
    for (let seed = 1; seed <= seeds; seed += 1) {
      const [first] = (await runOrders(send, seed)).violations;
      if (first !== undefined) return { seed, ...first };
    }
    return undefined;
  };
  const found = await failing(wrong?.send, 20);
  expect(found).toMatchObject({ check: 'found', text: expect.stringMatching(/order \d+ came twice$/) });
  expect(await failing(right?.send, 60)).toBeUndefined();
});

test('the README lists the faults and checks that there are', () => {
  const rows = (heading: string) =>
    Object.fromEntries(tableOf(README, heading).map(([name = '', text]) => [codeIn(name)[0], text]));
  expect(rows('Faults')).toEqual(FAULTS);
  expect(rows('Checks')).toEqual(Object.fromEntries(CHECKS.map(({ name, promise }) => [name, promise])));
});
