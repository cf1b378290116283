import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { root } from '../../tests/tidy/tree.js';

test('the slices of a sweep are timed, and collections of garbage told apart from them', async () => {
  const env = { ...process.env, TSX_TSCONFIG_PATH: 'tsconfig.json' };
  const script = ['--import', 'tsx', 'bench/src/sweep/run.ts', '100', '2', '0'];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, script, { cwd: root, env });
  expect(stderr).toBe('');
  const [connections, alone, ...rest] = stdout.trim().split('\n');
  expect(connections).toBe('100 connections, 2 s');
  expect(alone).toMatch(
    /^slices without a collection of garbage: [1-9]\d*, \d+ ms in all; p50, p99, p99\.9, longest: (\d+\.\d\d(, )?){4} ms$/,
  );
  expect(rest.map((line) => line.replace(/:.*/, ''))).toEqual(['slices with one', 'collections']);
});
