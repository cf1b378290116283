import type { Case } from '../case-kinds.js';
import type { Column } from '../columns.js';
import { type JobFailure, type JobResult, SERVERS, type ServerName } from '../job.js';

/** One metric over all repeats. */
export interface Spread {
  median: number;
  min: number;
  max: number;
  values: number[];
}

/** One server's part in a case. */
export interface ServerReport {
  server: ServerName;
  metrics: Record<string, Spread>;
  /** The gateway's median of the case's first metric divided by this server's. Below 1, the gateway is the cheaper one. */
  gatewayRatio?: number;
}

export interface CaseReport {
  id: string;
  title: string;
  columns: readonly Column[];
  servers: ServerReport[];
  /** Of its measurement, ISO 8601. */
  date: string;
  repeats: number;
}

/** When, where and how it was measured. */
export interface Circumstances {
  /** ISO 8601. */
  date: string;
  command: string;
  repeats: number;
  quick: boolean;
  machine: string;
}

/** Everything that a run has found; the JSON file is this. */
export interface Report extends Circumstances {
  versions: Partial<Record<ServerName, string>>;
  cases: CaseReport[];
  failures: readonly JobFailure[];
}

/** Median, least and greatest of `values`, of which there is at least one. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
  return { median: middle, min: sorted[0]!, max: sorted.at(-1)!, values: [...values] };
}

function serverReport(server: ServerName, results: readonly JobResult[]): ServerReport {
  const keys = Object.keys(results[0]!.metrics);
  const metrics = Object.fromEntries(keys.map((key) => [key, spreadOf(results.map((result) => result.metrics[key]!))]));
  return { server, metrics };
}

function caseReport({ id, title, columns }: Case, results: readonly JobResult[], { date, repeats }: Circumstances): CaseReport {
  const own = results.filter((result) => result.caseId === id);
  const present = SERVERS.filter((name) => own.some(({ server }) => server === name));
  const servers = present.map((name) =>
    serverReport(
      name,
      own.filter(({ server }) => server === name),
    ),
  );
  const { key } = columns[0]!;
  const gateway = servers.find(({ server }) => server === 'gateway')?.metrics[key]?.median;
  for (const one of servers) {
    const { median } = one.metrics[key]!;
    if (gateway !== undefined && median > 0) one.gatewayRatio = gateway / median;
  }
  return { id, title, columns, servers, date, repeats };
}

/** Puts a run's results together; a case without any is left out. */
export function buildReport(
  cases: readonly Case[],
  results: readonly JobResult[],
  failures: readonly JobFailure[],
  circumstances: Circumstances,
): Report {
  const versions = Object.fromEntries(results.map(({ server, version }) => [server, version]));
  const reports = cases.map((one) => caseReport(one, results, circumstances)).filter(({ servers }) => servers.length > 0);
  return { ...circumstances, versions, cases: reports, failures };
}
