import { describe, expect, inject, test } from 'vitest';
import { canRun, NODES } from './nodes.js';
import { output } from './run.js';

const consumer = inject('consumer');

describe.each(NODES)('under $name', { concurrent: true }, ({ name, program }) => {
  test.for([
    ['import', 'smoke.mjs'],
    ['require', 'smoke.cjs'],
  ] as const)('a gateway got by %s serves a client, and the process ends by itself', async ([, script], { expect, skip }) => {
    skip(!canRun(program), `${name} does not come for this platform`);
    expect(await output(consumer, program, [script])).toBe('ready\nready\ndata_update\n');
  });
});

test('the versions are what they are called', async () => {
  const versions = NODES.filter(({ program }) => canRun(program)).map(({ program }) =>
    output(consumer, program, ['-p', 'process.version']),
  );
  const majors = (await Promise.all(versions)).map((version) => version.split('.')[0]);
  expect(majors.slice(1)).toEqual(['v22', 'v24'].slice(0, majors.length - 1));
});
