import { expect, inject, test } from 'vitest';
import { canRun, NODES } from './nodes.js';
import { output } from './run.js';

const PROGRAM = `
  import { simulate } from 'gateway-sim';
  for (let seed = 1; seed <= 8; seed += 1) console.log(seed, (await simulate({ seed })).hash);
`;

test('a seed is the same run under every Node, byte for byte', async () => {
  const programs = NODES.map(({ program }) => program).filter(canRun);
  const args = ['--input-type=module', '--eval', PROGRAM];
  const runs = await Promise.all(programs.map((program) => output(inject('consumer'), program, args)));
  expect(runs[0]?.split('\n')).toHaveLength(9);
  for (const run of runs) expect(run).toBe(runs[0]);
});
