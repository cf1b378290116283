import { describe, expect, test } from 'vitest';
import { CASES } from '../src/cases.js';
import { FlagError, parseFlags } from '../src/flags.js';
import type { JobResult, ServerName } from '../src/job.js';
import { allowedCores } from '../src/machine.js';
import { chart } from '../src/report/chart.js';
import { markdown } from '../src/report/markdown.js';
import { buildReport, spreadOf } from '../src/report/report.js';
import { terminalTables } from '../src/report/table.js';

const circumstances = { date: '2024-05-06T07:08:09.000Z', command: 'pnpm bench', repeats: 3, quick: false, machine: 'a machine' };

function memory(server: ServerName, memoryKiB: number): JobResult {
  return { caseId: 'idle10k', server, version: `${server} 1.2.3`, metrics: { memoryKiB, goneRatio: 1.02 } };
}

const results = [
  memory('socketio', 12),
  memory('gateway', 5),
  memory('gateway', 7),
  memory('gateway', 6),
  memory('socketio', 10),
];
const report = buildReport(CASES, results, [], circumstances);

describe('a report', () => {
  test('has the median, the least and the greatest of the repeats', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3, values: [3, 1, 2] });
    expect(spreadOf([4, 1, 2, 3])).toMatchObject({ median: 2.5 });
  });

  test('divides the gateway by each peer', () => {
    expect(report.cases.map(({ id }) => id)).toEqual(['idle10k']);
    expect(report.cases[0]?.servers.map(({ server, gatewayRatio }) => [server, gatewayRatio])).toEqual([
      ['gateway', 1],
      ['socketio', 6 / 11],
    ]);
  });

  test('has no ratio to a server that costs nothing', () => {
    const [, peer] = buildReport(CASES, [memory('gateway', 5), memory('socketio', 0)], [], circumstances).cases[0]!.servers;
    expect(peer?.gatewayRatio).toBeUndefined();
  });

  test('is a table on the terminal', () => {
    expect(terminalTables(report)).toMatch(
      /gateway +6\.00 \(5\.00–7\.00\) +1\.00 × +1\.02\nsocketio +11\.0 \(10\.0–12\.0\) +0\.55 × +1\.02/,
    );
  });

  test('is a page with the date, the versions, the machine and the command', () => {
    const page = markdown(report);
    for (const part of [
      '2024-05-06',
      'socketio 1.2.3',
      'a machine',
      '`pnpm bench`',
      '| socketio | 11.0 (10.0–12.0) | 0.55 × |',
    ]) {
      expect(page).toContain(part);
    }
  });

  test('is a chart with a bar for each server, to scale', () => {
    const svg = chart(report);
    const widths = [...svg.matchAll(/<rect class="(ours|peer)" [^>]*width="([\d.]+)"/g)].map(
      ([, kind, width]) => [kind, Number(width)] as const,
    );
    expect(widths.map(([kind]) => kind)).toEqual(['ours', 'peer']);
    expect(widths[0]![1] / widths[1]![1]).toBeCloseTo(6 / 11, 1);
    expect(svg).toContain('prefers-color-scheme: dark');
  });
});

describe('flags', () => {
  test('--against names peers, and the gateway is always there', () => {
    const { cases, servers } = parseFlags(['--case', 'fan1k-w64', '--against', 'bun']);
    expect([cases.map(({ id }) => id), servers]).toEqual([['fan1k-w64'], ['gateway', 'bun']]);
  });

  test.each([
    [['--case', 'nothing'], '--case: no such thing as nothing'],
    [['--against', 'gateway'], '--against: no such thing as gateway'],
    [['--repeats', '0'], '--repeats'],
    [['--quick', '--write-docs'], '--write-docs'],
    [['--quick', '--check'], '--check'],
    [['--check', '--write-docs'], '--check'],
    [['--speed'], "Unknown option '--speed'"],
  ])('%j is refused', (args, message) => {
    expect(() => parseFlags(args)).toThrow(FlagError);
    expect(() => parseFlags(args)).toThrow(message);
  });
});

test('the allowed cores are read from the kernel’s list', () => {
  expect(allowedCores('Cpus_allowed:\tff\nCpus_allowed_list:\t0-2,8\n')).toEqual([0, 1, 2, 8]);
});
