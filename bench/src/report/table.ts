import { cells, headings } from './cells.js';
import type { CaseReport, Report } from './report.js';

/** A terminal's usual width; headings break into two lines rather than go beyond it. */
const HEADING_WIDTH = 14;

function wrap(heading: string): string[] {
  const lines = [''];
  for (const word of heading.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trimStart();
    if (longer.length <= HEADING_WIDTH || lines.at(-1) === '') lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function caseTable(report: CaseReport): string {
  const head = headings(report).map(wrap);
  const height = Math.max(...head.map((lines) => lines.length));
  const headRows = Array.from({ length: height }, (_, row) => head.map((lines) => lines[row] ?? ''));
  const rows = report.servers.map((server) => cells(report, server));
  const all = [...headRows, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return [`\n${report.id}: ${report.title}`, ...headRows.map(line), rule, ...rows.map(line)].join('\n');
}

/** The report for a terminal. */
export function terminalTables(report: Report): string {
  const note = report.quick ? '\nA quick run: its numbers mean nothing.' : `\n${report.machine}; medians of ${report.repeats}`;
  return [...report.cases.map(caseTable), note].join('\n');
}
