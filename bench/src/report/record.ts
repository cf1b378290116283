import { existsSync, readFileSync } from 'node:fs';
import { CASES } from '../cases.js';
import type { CaseReport, Report } from './report.js';

/** What was recorded with `--write-docs`, or undefined where nothing was. What there is no case for any more is left out. */
export function readRecord(path: string): Report | undefined {
  if (!existsSync(path)) return undefined;
  const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
  // A column's format is no JSON.
  const revive = (one: CaseReport): CaseReport[] => {
    const known = CASES.find(({ id }) => id === one.id);
    return known === undefined ? [] : [{ ...one, title: known.title, columns: known.columns }];
  };
  return { ...report, cases: report.cases.flatMap(revive) };
}

/** A record with what is newly measured in it. Cases that were not measured stay as they were, unless they are another machine's. */
export function merged(record: Report | undefined, fresh: Report): Report {
  if (record === undefined || record.machine !== fresh.machine) return fresh;
  const both = new Map([...record.cases, ...fresh.cases].map((one) => [one.id, one]));
  const cases = CASES.flatMap(({ id }) => both.get(id) ?? []);
  return { ...fresh, cases, versions: { ...record.versions, ...fresh.versions } };
}
