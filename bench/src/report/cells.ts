import type { CaseReport, Report, ServerReport } from './report.js';

/** Names and versions of all servers, each once. */
export const versionList = ({ versions }: Report) => [...new Set(Object.values(versions))].join(', ');

/** Headings of a case's table. */
export function headings({ columns }: CaseReport): string[] {
  const [first, ...others] = columns.map(({ title }) => title);
  return ['server', `${first} (min–max)`, 'gateway ÷ this', ...others];
}

/** One server's line of a case's table: the first metric with its spread, the others as medians. */
export function cells({ columns }: CaseReport, { server, metrics, gatewayRatio }: ServerReport): string[] {
  const [first, ...others] = columns;
  const { median, min, max } = metrics[first!.key]!;
  return [
    server,
    `${first!.format(median)} (${first!.format(min)}–${first!.format(max)})`,
    gatewayRatio === undefined ? '' : `${gatewayRatio.toFixed(2)} ×`,
    // A case that was measured before it had this column.
    ...others.map(({ key, format }) => (metrics[key] === undefined ? '–' : format(metrics[key].median))),
  ];
}
