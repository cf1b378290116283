import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { filesInGit, read, root } from '../../tests/tidy/tree.js';

/** Runs the script that `pnpm bench:micro` runs. */
async function micro(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [node, ...script] = JSON.parse(read('package.json')).scripts['bench:micro'].split(' ');
  expect(node).toBe('node');
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [...script, ...args], { cwd: root })) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

test('every step runs, and does what its name says', async () => {
  const { code, stdout, stderr } = await micro('--quick');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const names = stdout.trim().split('\n');
  for (const step of ['decode', 'stamp and frame', 'log append', 'log read', 'flush', 'message to flush'])
    expect(names.filter((name) => name.startsWith(`${step}: `))).not.toEqual([]);
});

test('a filter that fits nothing ends with one clear line and exit code 2', async () => {
  const { code, stdout, stderr } = await micro('--quick', '--filter', 'nothing');
  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: '--filter: no step has "nothing" in its name\n' });
});

test('nothing but the micro-benchmarks, and bugs that are planted, reaches for what gateway-core does not export', () => {
  const reaching = filesInGit().filter((path) => /\.m?[tj]s$/.test(path) && /['"]gateway-core\/src\//.test(read(path)));
  const mayReach = /^(bench\/src\/(micro|cost)|packages\/gateway-sim\/planted)\//;
  expect(reaching.filter((path) => !mayReach.test(path))).toEqual([]);
  expect(reaching).not.toEqual([]);
});
