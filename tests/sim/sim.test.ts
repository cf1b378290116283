import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePlan, type Plan, simulate } from 'gateway-sim';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandFor, partingOf } from '../../scripts/sim-command.mjs';
import { root } from '../tidy/tree.js';

/** What `pnpm sim` is, with its exit code. */
function sim(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['scripts/sim.mjs', ...args], { cwd: root, maxBuffer: 64 << 20 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sim-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('some seeds, each twice: none fails, and it says what was met and how fast', async () => {
  const { code, out } = await sim('--', '--seeds', '5', '--from', '3', '--faults', 'cut,kill', '--twice');
  expect(out).toMatch(/^ +\d {2}act start$/m);
  expect(out).toMatch(/^ +5 {2}publish accepted$/m);
  expect(out).not.toMatch(/act (vanish|pause|steal)/);
  expect(out).toMatch(/\n5 seeds from 3, \d+ per second in 1 processes, \d+ steps each: 0 failed\.\n$/);
  expect(code).toBe(0);
});

test('one seed: what happened in it, and the hash that it has everywhere', async () => {
  const { code, out } = await sim('--seed', '7', '--twice');
  expect(out).toMatch(/^ +0\.000 {2}gateway-1 +starts$/m);
  expect(out).toContain(`Seed 7 holds. ${(await simulate({ seed: '7' })).hash}`);
  expect(code).toBe(0);
});

test('a plan that fails is made smaller, and what is left fails by itself', async () => {
  const plan = makePlan('5', undefined, []);
  // Who is gone for good may come back for longer than it takes until all has to have converged.
  const late = { atMs: plan.actsMs, do: 'reload', user: 0, how: 'gone', backMs: 100 } as const;
  const timings = { resumeTtlMs: 600_000 };
  const file = join(folder, 'late.json');
  await writeFile(file, JSON.stringify({ ...plan, timings, actions: [...plan.actions, late] }));
  const { code, out } = await sim('--plan', file);
  expect(code).toBe(1);
  expect(out).toMatch(new RegExp(`^Seed 5 fails; ${plan.actions.length + 1} actions, made smaller to \\d:$`, 'm'));
  const smaller = JSON.parse(out.split('\n').find((line) => line.startsWith('{')) as string) as Plan;
  expect(smaller.actions).toContainEqual(late);
  const { violations } = await simulate({ seed: smaller.seed, plan: smaller });
  const [first] = violations;
  expect(out).toContain(`${((first?.atMs ?? 0) / 1_000).toFixed(3)} ${first?.check}: ${first?.text}`);
});

describe('the command that repeats a seed', () => {
  test('has all that the seed was drawn with', () => {
    expect(commandFor(7, {})).toBe('pnpm sim --seed 7');
    expect(commandFor(7, { faults: ['cut', 'kill'], size: { users: 5 }, twice: true })).toBe(
      'pnpm sim --seed 7 --faults cut,kill --size large --twice',
    );
  });

  test('says where two runs of it have parted', () => {
    expect(partingOf(['a', 'b'], ['a', 'b'])).toBeUndefined();
    expect(partingOf(['a', 'b'], ['a', 'c'])).toBe('line 2: b\n and then: c');
    expect(partingOf(['a'], ['a', 'c'])).toBe('line 2: the end\n and then: c');
    expect(partingOf(['a', 'c'], ['a'])).toBe('line 2: c\n and then: the end');
  });
});
