import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { root } from './tree.js';

const CONFIG = `
  import { TotalsReporter } from '../../../../scripts/totals-reporter.js';
  export default { test: { reporters: [new TotalsReporter()], include: ['*.fixture.ts'] } };
`;

let suites = 0;

/** Runs files in a vitest of their own with nothing but the reporter. Each has vitest's names already. */
async function runOf(files: readonly string[]): Promise<{ lines: string[]; code: number }> {
  suites += 1;
  // Inside the repository, where `vitest` resolves.
  const folder = join(root, 'tests/tidy/.suites', `${process.pid}-${suites}`);
  mkdirSync(folder, { recursive: true });
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const head = "import { beforeAll, describe, expect, test } from 'vitest';\n";
  for (const [index, file] of files.entries()) writeFileSync(join(folder, `${index}.fixture.ts`), head + file);
  writeFileSync(join(folder, 'vitest.config.ts'), CONFIG);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', '--root', folder], {
    env: { PATH: process.env.PATH, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, , [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { lines: out.trim().split('\n'), code };
}

const PASSED = "test('passes', () => {});\n";
const FAILED = "test('fails', () => expect(1).toBe(2));\n";
const SKIPPED = "test.skip('is left out', () => {});\n";

test('the last line of a run counts what passed and what was skipped', async () => {
  const { lines, code } = await runOf([PASSED + PASSED, PASSED + SKIPPED]);
  expect([lines.at(-1), code]).toEqual(['3 passed, 0 failed, 1 skipped', 0]);
});

test('whatever goes wrong counts as failed: tests, files that do not load, hooks, errors outside of tests', async () => {
  const hook = `describe('a suite', () => {\nbeforeAll(() => { throw new Error(); });\n${PASSED}});\n`;
  const files = [PASSED + FAILED + FAILED, "import './nowhere.js';\n", 'throw new Error();\n', hook];
  const outside = `${PASSED}Promise.reject(new Error());\n`;
  const { lines, code } = await runOf([...files, outside]);
  // Two tests, two files, one hook, whose suite's test is skipped, and one rejection.
  expect([lines.at(-1), code]).toEqual(['2 passed, 6 failed, 1 skipped', 1]);
});

test('a run in which no test ran is a failure', async () => {
  const { lines, code } = await runOf([SKIPPED]);
  expect([lines.at(-1), code]).toEqual(['0 passed, 0 failed, 1 skipped', 1]);
});
