import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { read, root } from '../../tests/tidy/tree.js';
import { COMPARISONS } from '../src/cost/comparisons.js';
import { estimate, measurePairs } from '../src/cost/pairs.js';
import { COUNTING, TRACING, withSwitch } from '../src/cost/switched.js';

/** Runs the script that `pnpm bench:cost` runs. */
async function cost(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [tsx, ...script] = JSON.parse(read('package.json')).scripts['bench:cost'].split(' ');
  expect(tsx).toBe('tsx');
  try {
    return { code: 0, ...(await promisify(execFile)(`node_modules/.bin/${tsx}`, [...script, ...args], { cwd: root })) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

test('every line is measured, and does what it says', { timeout: 120_000 }, async () => {
  const { code, stdout, stderr } = await cost('--quick');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const { name } of COMPARISONS) expect(stdout).toContain(`\n| ${name} | `);
  expect(stdout).toMatch(/\nscrape: .* gateway\.metrics\(\) \d+\.\d\d ms, all that is answered \d+\.\d\d ms of CPU\n/);
});

test('what fits nothing ends with one clear line and exit code 2', async () => {
  const unfit = await cost('--quick', '--filter', 'nowhere');
  expect(unfit).toMatchObject({ code: 2, stdout: '', stderr: '--filter: no line begins with "nowhere"\n' });
  expect(await cost('--pairs', '0')).toMatchObject({ code: 2, stderr: '--pairs: must be a whole number from 1 on\n' });
});

describe('a statement that is switched', () => {
  const sources = (file: string) => readFileSync(`${root}/packages/gateway-core/src/${file}`, 'utf8');

  test.each([...COUNTING, ...TRACING])('$file: $text', (switched) => {
    const before = sources(switched.file);
    expect(withSwitch(before, switched).split('SWITCH.on')).toHaveLength(2);
    expect(() => withSwitch(before.replace(switched.text, ''), switched)).toThrow(`${switched.file} has `);
    expect(() => withSwitch(before + switched.text, switched)).toThrow(`${switched.file} has `);
  });
});

describe('of pairs of blocks', () => {
  test('each has one of both, and both begin as often', async () => {
    const order: boolean[] = [];
    const pairs = await measurePairs(4, async (on) => {
      order.push(on);
      return on ? 3 : 2;
    });
    expect(pairs).toEqual(Array.from({ length: 4 }, () => ({ on: 3, off: 2 })));
    expect(order).toEqual([true, false, false, true, true, false, false, true]);
  });

  test('the median is told, and the ranks between which it is with a probability of 95 %', () => {
    const values = Array.from({ length: 101 }, (_, n) => (n * 37) % 101);
    expect(estimate(values)).toEqual({ median: 50, low: 40, high: 60 });
    expect(estimate([7])).toEqual({ median: 7, low: 7, high: 7 });
  });
});
