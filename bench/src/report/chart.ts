import { versionList } from './cells.js';
import type { CaseReport, Report, ServerReport } from './report.js';

const WIDTH = 900;
const MARGIN = 20;
const GAP = 40;
const PANEL = (WIDTH - 2 * MARGIN - GAP) / 2;
const LABELS = 70;
const VALUES = 80;
const BARS = PANEL - LABELS - VALUES;
const ROW = 20;
const HEAD = 44;

/** Follows the reader's colour scheme; where that is not known, as in some viewers, it is light. */
const STYLE = `
  svg { color-scheme: light dark; font-family: system-ui, sans-serif; font-size: 12px; }
  .paper { fill: #ffffff; } text { fill: #1f2328; } .quiet { fill: #59636e; font-size: 11px; } .title { font-weight: 600; }
  .peer { fill: #afb8c1; } .ours { fill: #0969da; } .range { stroke: #1f2328; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117; } text { fill: #e6edf3; } .quiet { fill: #9198a1; }
    .peer { fill: #57606a; } .ours { fill: #4493f8; } .range { stroke: #e6edf3; }
  }`;

const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const round = (value: number) => Number(value.toFixed(1));

function bar({ server, metrics }: ServerReport, { columns }: CaseReport, scale: number, y: number): string {
  const { key, format } = columns[0]!;
  const { median, min, max } = metrics[key]!;
  const x = (value: number) => round(LABELS + value * scale);
  const middle = y + ROW / 2;
  return [
    `<text x="${LABELS - 8}" y="${middle + 4}" text-anchor="end">${server}</text>`,
    `<rect class="${server === 'gateway' ? 'ours' : 'peer'}" x="${LABELS}" y="${y + 3}" width="${round(Math.max(1, median * scale))}" height="${ROW - 6}" rx="2"/>`,
    `<line class="range" x1="${x(min)}" x2="${x(max)}" y1="${middle}" y2="${middle}"/>`,
    `<text x="${x(max) + 6}" y="${middle + 4}">${format(median)}</text>`,
  ].join('');
}

function panel(report: CaseReport, x: number, y: number): string {
  const { key, title } = report.columns[0]!;
  const scale = BARS / Math.max(...report.servers.map(({ metrics }) => metrics[key]!.max));
  const bars = report.servers.map((server, row) => bar(server, report, scale, HEAD + row * ROW));
  return (
    `<g transform="translate(${x} ${y})"><text class="title" y="14">${escapeXml(report.title)}</text>` +
    `<text class="quiet" y="32">${escapeXml(title)}</text>${bars.join('')}</g>`
  );
}

/** A chart of each case's first metric: one panel per case that compares servers. Shorter bars are better. */
export function chart(report: Report): string {
  const cases = report.cases.filter(({ servers }) => servers.length > 1);
  let y = 64;
  const panels: string[] = [];
  for (let i = 0; i < cases.length; i += 2) {
    const row = cases.slice(i, i + 2);
    panels.push(...row.map((one, column) => panel(one, MARGIN + column * (PANEL + GAP), y)));
    y += HEAD + Math.max(...row.map(({ servers }) => servers.length)) * ROW + 24;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="Benchmark results">
<style>${STYLE}
</style>
<rect class="paper" width="${WIDTH}" height="${y}" rx="8"/>
<text class="title" x="${MARGIN}" y="28">Shorter is better; medians of ${report.repeats} runs, lines from least to greatest</text>
<text class="quiet" x="${MARGIN}" y="46">${report.date.slice(0, 10)} · ${escapeXml(versionList(report))}</text>
${panels.join('\n')}
</svg>
`;
}
