import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { seedsOf, wholeNumber } from '../../scripts/flags.mjs';

const SCRIPT = fileURLToPath(new URL('../../scripts/sim.mjs', import.meta.url));
const FILE = fileURLToPath(import.meta.url);

function start(...args: string[]) {
  const child = spawn(process.execPath, [SCRIPT, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const errors = text(child.stderr);
  const ended = once(child, 'close').then(async ([code]) => ({ code: code as number, errors: await errors }));
  return { child, ended };
}

test.each([
  [['--bogus'], "Unknown option '--bogus'"],
  [['stray'], "Unexpected argument 'stray'. This command does not take positional arguments"],
  [['--seeds', '0'], /^--seeds: must be a whole number from 1 to \d+, not 0$/],
  [['--seeds', ''], /^--seeds: must be a whole number/],
  [['--seeds', '1.5'], /^--seeds: must be a whole number/],
  [['--from', '9007199254740990', '--seeds', '5'], '--seeds: must be a whole number from 1 to 1, not 5'],
  [['--workers', '1000'], '--workers: must be a whole number from 1 to 256, not 1000'],
  [['--size', 'small'], '--size: must be large, not small'],
  [['--faults', 'cut,rain'], /^--faults: must be of cut, vanish, .*, not rain$/],
  [['--seed', '1', '--workers', '2'], '--workers: goes not with --seed'],
  [['--seed', '1', '--seeds', '5'], '--seeds: goes not with --seed'],
  [['--plan', '/no/such/plan'], /^--plan \/no\/such\/plan: ENOENT/],
  [['--plan', FILE], /^--plan .*: .*JSON/],
])('pnpm sim %s: one line, and exit code 2', async (args, line) => {
  const { child, ended } = start(...args);
  child.stdout.resume();
  const { code, errors } = await ended;
  expect([code, errors.trim().split('\n').length]).toEqual([2, 1]);
  if (typeof line === 'string') expect(errors.trim()).toBe(line);
  else expect(errors.trim()).toMatch(line);
});

test('Ctrl-C ends a run with what it has seen, and how much it has not', async () => {
  const { child, ended } = start('--seeds', '1000000000', '--from', '1', '--workers', '1');
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    if (!output.includes(' in 1 processes') && (output + piece).includes(' in 1 processes')) child.kill('SIGINT');
    output += piece;
  });
  const { code, errors } = await ended;
  expect([code, errors]).toEqual([1, '']);
  expect(output).toMatch(/^Stopped: \d+ of 1000000000 seeds were not run\.$/m);
});

test('nobody who reads on ends a run without a word', async () => {
  const { child, ended } = start('--seed', '1');
  child.stdout.once('data', () => child.stdout.destroy());
  const { errors } = await ended;
  expect(errors).toBe('');
});

test('seeds are numbers that can be told from the next one', () => {
  expect(seedsOf({ from: '9007199254740000', seeds: '9' }, 5)).toEqual({ from: 9007199254740000, count: 9 });
  expect(() => seedsOf({ from: '9007199254740992' }, 5)).toThrow('--from');
  expect(wholeNumber('seeds', undefined, 7)).toBe(7);
});
