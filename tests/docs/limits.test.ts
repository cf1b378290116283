import { DEFAULT_LIMITS } from 'gateway-core';
import { expect, test } from 'vitest';
import { read } from '../tidy/tree.js';
import { tableOf } from './markdown.js';

const PAGE = 'docs/limits.md';
const CLIENTS = [1_000, 10_000, 50_000];
const KIB = 1_024;
const UNITS: Readonly<Record<string, number>> = { '': 1, KiB: KIB, MiB: KIB ** 2, GiB: KIB ** 3, µs: 1e-6, s: 1 };

const rows = tableOf(PAGE, 'Sizes: what to set for how many clients').map(([what = '', ...cells]) => ({ what, cells }));
const rowAbout = (name: string) => rows.find(({ what }) => what.includes(name)) as (typeof rows)[number];

/** `66 MiB` in bytes, `1.7 s` in seconds, `12,000` as a number. */
function numberIn(cell: string): number {
  const [, digits = '', unit = ''] = /^([\d,.]+) ?(\S*)$/.exec(cell) ?? [];
  return Number(digits.replaceAll(',', '')) * (UNITS[unit] ?? Number.NaN);
}

/** What the benchmark has recorded of the gateway. */
function recorded(id: string, key: string): number {
  const { cases } = JSON.parse(read('docs/benchmarks.json'));
  const { servers } = cases.find((one: { id: string }) => one.id === id);
  return servers.find(({ server }: { server: string }) => server === 'gateway').metrics[key].median;
}

const eachOf = (name: string) => numberIn(/\(([\d.]+ \S+) each\)/.exec(rowAbout(name).what)?.[1] ?? '');

test.each([
  ['`idle10k`', 'memoryKiB', KIB],
  ['`idle10k-d2`', 'memoryKiB', KIB],
  ['`reconnect10k`', 'cpuUs', 1e-6],
])('what %s costs for each is what was recorded, but for a tenth', (name, key, unit) => {
  const ratio = eachOf(name) / (recorded(name.replaceAll('`', ''), key) * unit);
  expect(Math.abs(ratio - 1)).toBeLessThan(0.1);
});

const members = () => eachOf('`idle10k-d2`');
test.each<[string, (clients: number) => number]>([
  ['`idle10k`', (clients) => clients * eachOf('`idle10k`')],
  ['`idle10k-d2`', (clients) => clients * members()],
  ['logBytesTotalMax', (clients) => clients * members() + DEFAULT_LIMITS.logBytesTotalMax + 68 * KIB ** 2],
  ['socketHighWaterMarkBytes', (clients) => clients * 2 * DEFAULT_LIMITS.socketHighWaterMarkBytes],
  ['`reconnect10k`', (clients) => clients * eachOf('`reconnect10k`')],
])('the columns of %s follow from it, as far as they are rounded', (name, due) => {
  const { cells } = rowAbout(name);
  expect(cells).toHaveLength(CLIENTS.length);
  for (const [index, clients] of CLIENTS.entries()) {
    const cell = cells[index] as string;
    // Rounded to two digits at most, and to one where it is small.
    expect(Math.abs(due(clients) / numberIn(cell) - 1), `${clients}: ${cell}`).toBeLessThan(
      numberIn(cell.replace(/ .*/, '')) < 10 ? 0.12 : 0.03,
    );
  }
});

test('there are descriptors for as many clients', () => {
  for (const [index, clients] of CLIENTS.entries())
    expect(numberIn(rowAbout('file descriptors').cells[index] as string)).toBeGreaterThan(clients);
});
