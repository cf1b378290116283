import type { CaseReport, Report, ServerReport } from './report.js';

/** A ratio that has changed by more than this is a drift. */
const DRIFT_MAX = 0.1;
/** Beyond these, a run says as much of the machine as of the servers: the generator's share of its core, cores that others have used, and how much slower or faster memory is than it was. */
const GENERATOR_BUSY_MAX = 0.97;
const OTHERS_BUSY_MAX = 0.2;
const MEMORY_CHANGE_MAX = 0.25;

/** One ratio, as it was recorded and as it is. */
export interface Comparison {
  caseId: string;
  server: string;
  recorded: number;
  now: number;
  /** 0.1: the gateway has become a tenth dearer beside this server. */
  change: number;
  isDrift: boolean;
  /** Why this run cannot be trusted. */
  doubts: readonly string[];
}

const percent = (share: number) => `${Math.round(share * 100)} %`;

function doubtsOf(fresh: ServerReport, recorded: ServerReport): string[] {
  const { generatorBusy, othersBusy, memoryNs } = fresh.metrics;
  const doubts: string[] = [];
  if (generatorBusy !== undefined && generatorBusy.median > GENERATOR_BUSY_MAX)
    doubts.push(`the generator is at ${percent(generatorBusy.median)} of its core`);
  if (othersBusy !== undefined && othersBusy.median > OTHERS_BUSY_MAX)
    doubts.push(`other programs have used ${othersBusy.median.toFixed(1)} cores`);
  const before = recorded.metrics.memoryNs?.median;
  if (memoryNs !== undefined && before !== undefined && Math.abs(memoryNs.median / before - 1) > MEMORY_CHANGE_MAX)
    doubts.push(`memory answers in ${Math.round(memoryNs.median)} ns, not ${Math.round(before)}`);
  return doubts;
}

function compareCase(fresh: CaseReport, recorded: CaseReport): Comparison[] {
  const [column] = fresh.columns;
  if (column?.steady !== true) return [];
  const isExact = ({ metrics }: ServerReport) => (metrics[column.key]?.median ?? 0) >= (column.least ?? 0);
  const find = ({ servers }: CaseReport, name: string) => servers.find(({ server }) => server === name);
  const own = { fresh: find(fresh, 'gateway'), recorded: find(recorded, 'gateway') };
  if (own.fresh === undefined || own.recorded === undefined) return [];
  const ownDoubts = doubtsOf(own.fresh, own.recorded).map((doubt) => `gateway: ${doubt}`);
  return fresh.servers.flatMap((server) => {
    const before = find(recorded, server.server);
    if (server.server === 'gateway' || before?.gatewayRatio === undefined || server.gatewayRatio === undefined) return [];
    if (!isExact(server) || !isExact(before)) return [];
    const change = server.gatewayRatio / before.gatewayRatio - 1;
    return {
      caseId: fresh.id,
      server: server.server,
      recorded: before.gatewayRatio,
      now: server.gatewayRatio,
      change,
      isDrift: Math.abs(change) > DRIFT_MAX,
      doubts: [...ownDoubts, ...doubtsOf(server, before)],
    };
  });
}

/** Compares the ratios of all cases that are in both reports and whose ratio is steady from run to run. */
export function compare(fresh: Report, recorded: Report): Comparison[] {
  return fresh.cases.flatMap((one) => {
    const before = recorded.cases.find(({ id }) => id === one.id);
    return before === undefined ? [] : compareCase(one, before);
  });
}

/** Whether something was compared, and nothing has drifted. A drift under conditions that are not to be trusted is one too: nobody knows. */
export function hasPassed(comparisons: readonly Comparison[]): boolean {
  return comparisons.length > 0 && !comparisons.some(({ isDrift }) => isDrift);
}

/** What a run ends with: 1 where a job failed or, in a check, where {@link hasPassed} does not hold; else 0. */
export function exitCode({ failures }: Report, comparisons?: readonly Comparison[]): 0 | 1 {
  return failures.length > 0 || (comparisons !== undefined && !hasPassed(comparisons)) ? 1 : 0;
}

/** What a check has found, for a terminal. */
export function checkText(comparisons: readonly Comparison[], recorded: Report, machine: string): string {
  const lines = comparisons.map(({ caseId, server, recorded: before, now, change, isDrift, doubts }) => {
    const sign = change < 0 ? '−' : '+';
    const drift = `${sign}${percent(Math.abs(change))}`;
    const text = `${isDrift ? 'DRIFT' : 'ok   '} ${caseId} ÷ ${server}: ${now.toFixed(2)} × (recorded ${before.toFixed(2)} ×, ${drift})`;
    return [text, ...doubts.map((doubt) => `        not to be trusted: ${doubt}`)].join('\n');
  });
  const note = machine === recorded.machine ? [] : [`recorded on another machine: ${recorded.machine}`];
  const drifts = comparisons.filter(({ isDrift }) => isDrift).length;
  return [
    ...lines,
    ...note,
    `${comparisons.length} ratios compared, ${drifts} have drifted by more than ${percent(DRIFT_MAX)}`,
  ].join('\n');
}
