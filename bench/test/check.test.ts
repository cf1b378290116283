import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { CASES } from '../src/cases.js';
import { busyUs, othersBusy } from '../src/conditions.js';
import type { JobResult, Metrics, ServerName } from '../src/job.js';
import { checkText, compare, exitCode, hasPassed } from '../src/report/check.js';
import { markdown } from '../src/report/markdown.js';
import { merged, readRecord } from '../src/report/record.js';
import { buildReport, type Report } from '../src/report/report.js';

const folder = mkdtempSync(join(tmpdir(), 'bench-check-'));
afterAll(() => rmSync(folder, { recursive: true }));

const QUIET: Metrics = { generatorBusy: 0.5, othersBusy: 0.01, memoryNs: 80 };

/** A report in which the gateway and Socket.IO cost so much in one case. */
function reportOf(
  cpuUs: Partial<Record<ServerName, number>>,
  { caseId = 'fan1k-w64', machine = 'a machine', ...more } = {},
): Report {
  const rest = { perSecond: 1, p50Us: 1, p99Us: 1, p999Us: 1, serverBusy: 1, ...QUIET, ...(more as Metrics) };
  const results = Object.entries(cpuUs).map(
    ([server, value]): JobResult => ({
      caseId,
      server: server as ServerName,
      version: `${server} 1`,
      metrics: { ...rest, cpuUs: value },
    }),
  );
  const circumstances = { date: '2024-05-06T00:00:00.000Z', command: 'pnpm bench', repeats: 1, quick: false, machine };
  return buildReport(CASES, results, [], circumstances);
}

const RECORDED = reportOf({ gateway: 1, socketio: 4 });

describe('a check', () => {
  test.each([
    [1.09, false],
    [1.11, true],
    [0.91, false],
    [0.89, true],
  ])('a gateway that costs %f × what it did beside a peer has drifted: %s', (times, drifted) => {
    // On a machine that is twice as slow.
    const comparisons = compare(reportOf({ gateway: 2 * times, socketio: 8 }), RECORDED);
    expect(comparisons).toMatchObject([
      { caseId: 'fan1k-w64', server: 'socketio', recorded: 0.25, isDrift: drifted, doubts: [] },
    ]);
    expect(hasPassed(comparisons)).toBe(!drifted);
    expect(exitCode(RECORDED, comparisons)).toBe(drifted ? 1 : 0);
    expect(checkText(comparisons, RECORDED, 'a machine')).toContain(
      drifted ? 'DRIFT fan1k-w64 ÷ socketio' : 'ok    fan1k-w64 ÷ socketio',
    );
  });

  test.each<[string, Metrics]>([
    ['the generator is at 99 % of its core', { generatorBusy: 0.99 }],
    ['other programs have used 0.8 cores', { othersBusy: 0.8 }],
    ['memory answers in 160 ns, not 80', { memoryNs: 160 }],
    ['memory answers in 40 ns, not 80', { memoryNs: 40 }],
  ])('says why a run is not to be trusted: %s', (doubt, metrics) => {
    const comparisons = compare(reportOf({ gateway: 1, socketio: 4 }, metrics as never), RECORDED);
    expect(comparisons[0]?.doubts).toEqual([`gateway: ${doubt}`, doubt]);
    expect(checkText(comparisons, RECORDED, 'a machine')).toContain(`not to be trusted: ${doubt}`);
  });

  test('compares no latencies, and nothing that is in one report only', () => {
    const open = reportOf({ gateway: 1, socketio: 4 }, { caseId: 'open1k' });
    expect(compare(open, open)).toEqual([]);
    expect(compare(reportOf({ gateway: 1, bun: 4 }), RECORDED)).toEqual([]);
    expect(hasPassed([])).toBe(false);
    expect(exitCode(RECORDED, [])).toBe(1);
  });

  test('a job that failed is a run that failed, whatever the ratios are', () => {
    const failed = { ...RECORDED, failures: [{ caseId: 'fan1k-w64', server: 'socketio' as const, message: 'it hangs' }] };
    expect([exitCode(RECORDED), exitCode(failed), exitCode(failed, compare(RECORDED, RECORDED))]).toEqual([0, 1, 1]);
  });

  test('compares nothing with what costs less than can be measured', () => {
    const quiet = (bun: number, ws: number) => reportOf({ gateway: 1.8, bun, 'ws-naive': ws }, { caseId: 'quiet15k' });
    const servers = (comparisons: ReturnType<typeof compare>) => comparisons.map(({ server }) => server);
    expect(servers(compare(quiet(0.07, 0.5), quiet(0.09, 0.5)))).toEqual(['ws-naive']);
    expect(servers(compare(quiet(0.5, 0.3), quiet(0.3, 0.5)))).toEqual([]);
  });

  test('says of each of both servers why it is not to be trusted', () => {
    const one = reportOf({ gateway: 1, socketio: 4 });
    one.cases[0]!.servers[1]!.metrics.generatorBusy!.median = 0.99;
    expect(compare(one, RECORDED)[0]?.doubts).toEqual(['the generator is at 99 % of its core']);
  });

  test('says that the record is another machine’s', () => {
    expect(checkText(compare(RECORDED, RECORDED), RECORDED, 'another')).toContain('recorded on another machine: a machine');
  });
});

describe('a record', () => {
  const path = join(folder, 'record.json');

  test('is what was written, with what cases say of themselves now', () => {
    expect(readRecord(path)).toBeUndefined();
    const gone = { ...RECORDED.cases[0]!, id: 'no case any more' };
    writeFileSync(path, JSON.stringify({ ...RECORDED, cases: [gone, ...RECORDED.cases] }));
    expect(readRecord(path)).toEqual(RECORDED);
    expect(compare(reportOf({ gateway: 1, socketio: 4 }), readRecord(path)!)).toMatchObject([{ change: 0 }]);
  });

  test('keeps the cases that were not measured again, in their order', () => {
    const echo = reportOf({ gateway: 3 }, { caseId: 'echo1k' });
    const all = merged(echo, reportOf({ gateway: 2 }));
    expect(all.cases.map(({ id, servers }) => [id, servers[0]?.metrics.cpuUs?.median])).toEqual([
      ['fan1k-w64', 2],
      ['echo1k', 3],
    ]);
    expect(merged(all, reportOf({ gateway: 5 })).cases.map(({ servers }) => servers[0]?.metrics.cpuUs?.median)).toEqual([5, 3]);
  });

  test('keeps the versions of the servers that were not measured again', () => {
    const { versions } = merged(RECORDED, reportOf({ gateway: 2, bun: 3 }, { caseId: 'echo1k' }));
    expect(versions).toEqual({ gateway: 'gateway 1', socketio: 'socketio 1', bun: 'bun 1' });
  });

  test('begins anew on another machine', () => {
    const other = reportOf({ gateway: 2 }, { caseId: 'echo1k', machine: 'another' });
    expect(merged(RECORDED, other)).toEqual(other);
  });

  test('a page shows a case that was measured before it had a column', () => {
    const { cpuUs } = RECORDED.cases[0]!.servers[0]!.metrics;
    const old = { ...RECORDED.cases[0]!, servers: [{ server: 'gateway' as const, metrics: { cpuUs: cpuUs! } }] };
    expect(markdown({ ...RECORDED, cases: [old] })).toContain('| gateway | 1.00 (1.00–1.00) |  | – |');
  });
});

describe('the conditions of a run', () => {
  test('busy is what processes and the hypervisor have taken, without waiting and interrupts', () => {
    expect(busyUs('cpu  1 2 4 800 1600 3200 6400 8 0 0\ncpu0 1 1 1 1\n')).toBe((1 + 2 + 4 + 8) * 10_000);
  });

  test('what the server and the generator have used is not what others have', () => {
    const before = { all: 5e6, ours: 1e6, at: 1_000 };
    // In two seconds all have used 3 of CPU, the measured ones 2 of them.
    expect(othersBusy(before, { all: 8e6, ours: 3e6, at: 3_000 })).toBe(0.5);
    expect(othersBusy(before, { all: 5e6, ours: 1.01e6, at: 3_000 })).toBe(0);
  });
});
