import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createGateway, DEFAULT_LIMITS } from 'gateway-core';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { FAMILIES, WORKER_FAMILIES } from '../../packages/gateway-cli/src/metrics/families.js';
import { samplesOf } from '../../packages/gateway-cli/src/metrics/samples.js';
import { WorkersExposition, WorkersMetrics } from '../../packages/gateway-cli/src/workers/workers-exposition.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const rules: { alert: string; expr: string; annotations: { summary: string }; labels: { severity: string } }[] = parse(
  read('infra/prometheus/rules.yml'),
).groups.flatMap(({ rules }: { rules: never[] }) => rules);
const panels: { title: string; targets: { expr: string; legendFormat: string }[] }[] = JSON.parse(
  read('infra/grafana/gateway.json'),
).panels;
type Family = { kind: string; labels?: readonly string[]; help: string };

const NAME = /\b(?:gateway|nodejs|process)_[a-z0-9_]+/g;

/** Of a gateway with workers, which has all that one without has. */
async function names(): Promise<Set<string>> {
  const gateway = createGateway();
  const metrics = new WorkersMetrics();
  metrics.take({}, 0, { gateway: samplesOf(gateway.metrics()), node: [] });
  const text = await new WorkersExposition({ askMetrics: async () => {}, size: 1, deaths: 0 }, metrics).text();
  await gateway.close();
  return new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name as string));
}

test('alerts and the dashboard ask for metrics that there are', async () => {
  const known = await names();
  const asked = [
    ...rules.map(({ alert, expr }) => [alert, expr]),
    ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr])),
  ];
  expect(asked.length).toBeGreaterThan(20);
  const unknown = asked.flatMap(([where, expr = '']) =>
    [...expr.matchAll(NAME)].map(([name]) => [where, name.replace(/_bucket$/, '')]).filter(([, name = '']) => !known.has(name)),
  );
  expect(unknown).toEqual([]);
});

/** An alert or a query of the dashboard, with what it shows of the labels that it comes to. */
interface Query {
  where: string;
  expr: string;
  shown: string;
}

/** What is wrong with a query's labels, or with how it reads its metrics. */
function faultsOf({ where, expr, shown }: Query): string[] {
  const [, name = ''] = /\b((?:gateway|nodejs|process)_[a-z0-9_]+)/.exec(expr) ?? [];
  const families: Record<string, Family> = { ...FAMILIES, ...WORKER_FAMILIES };
  const family = families[name.replace('gateway_', '')];
  const own = name.startsWith('gateway_part_duration_seconds') ? ['part', 'le'] : (family?.labels ?? (family ? [] : ['worker']));
  // What Prometheus puts beside them.
  const known = [...own, 'instance', 'job'];
  const [, by] = /\b(?:sum|max) by \(([^)]*)\)/.exec(expr) ?? [];
  const grouped = by?.split(', ') ?? (/^(?:sum|max)\(/.test(expr) ? [] : known);
  const matched = [...expr.matchAll(/[{,](\w+)="/g)].map(([, label]) => label as string);
  const named = [...shown.matchAll(/\{\{ ?(?:\$labels\.)?(\w+) ?\}\}/g)].map(([, label]) => label as string);
  const isRead = new RegExp(`(?:rate|increase)\\(${name}(?:\\{[^}]*\\})?\\[`).test(expr);
  const isTotal = family === undefined ? name.endsWith('_bucket') : family.kind === 'counter';
  return [
    ...[...grouped, ...matched]
      .filter((label) => !known.includes(label))
      .map((label) => `${where}: ${name} has no label ${label}`),
    ...named.filter((label) => !grouped.includes(label)).map((label) => `${where}: ${label} is not among what is shown`),
    ...(isRead === isTotal ? [] : [`${where}: ${name} is ${isTotal ? 'a total: rate or increase of it' : 'no total: as it is'}`]),
  ];
}

test('alerts and the dashboard ask for labels that there are, for the rates of totals, and for the rest as it is', () => {
  const queries: Query[] = [
    ...rules.map(({ alert, expr, annotations }) => ({ where: alert, expr, shown: annotations.summary })),
    ...panels.flatMap(({ title, targets }) =>
      targets.map(({ expr, legendFormat }) => ({ where: title, expr, shown: legendFormat })),
    ),
  ];
  expect(queries.filter(({ expr }) => /gateway_|nodejs_|process_/.test(expr)).flatMap(faultsOf)).toEqual([]);
});

test('alerts and the dashboard ask for the job that is scraped, and an alert says whom it wakes', () => {
  const [{ job_name: job }] = parse(read('infra/prometheus/prometheus.yml')).scrape_configs;
  const exprs = [...rules.map(({ expr }) => expr), ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))];
  const asked = exprs.flatMap((expr) => [...expr.matchAll(/\bjob="([^"]*)"/g)].map(([, name]) => name));
  expect(new Set(asked)).toEqual(new Set([job]));
  // Of all that has no name of the gateway's: other programs on the machine have such metrics too.
  expect(exprs.filter((expr) => /\b(?:up|nodejs_|process_)/.test(expr) && !expr.includes(`job="${job}"`))).toEqual([]);
  const severities = new Set(rules.map(({ labels }) => labels.severity));
  expect(severities).toEqual(new Set(['page', 'ticket']));
});

test('the alert for the memory of logs comes before they are full', () => {
  const { expr = '' } = rules.find(({ alert }) => alert === 'GatewayLogMemoryHigh') ?? {};
  const share = Number(/> (\S+)$/.exec(expr)?.[1]) / DEFAULT_LIMITS.logBytesTotalMax;
  expect(share).toBeGreaterThan(0.8);
  expect(share).toBeLessThan(0.95);
});

test.each([
  ['sum by (cod) (rate(gateway_errors_total[5m]))', '', 'no label cod'],
  ['sum by (code) (rate(gateway_joins_total[5m]))', '', 'no label code'],
  ['gateway_log_bytes{group="g"}', '', 'no label group'],
  ['sum(rate(gateway_errors_total[5m]))', '{{code}}', 'code is not among what is shown'],
  ['gateway_errors_total > 1', '', 'a total'],
  ['increase(gateway_groups[5m])', '', 'no total'],
])('%s, shown as %j, would be noticed', (expr, shown, fault) => {
  expect(faultsOf({ where: 'here', expr, shown })).toEqual([expect.stringContaining(fault)]);
});

test('the dashboard shows every metric of the gateway', async () => {
  const exprs = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  const shown = new Set(exprs.flatMap((expr) => expr.match(NAME) ?? []).map((name) => name.replace(/_bucket$/, '')));
  const own = [...(await names())].filter((name) => name.startsWith('gateway_'));
  expect(own.length).toBeGreaterThan(20);
  expect(own.filter((name) => !shown.has(name))).toEqual([]);
});

test('docs/metrics.md has every metric as the program has it', () => {
  const rows = read('docs/metrics.md')
    .split('\n')
    .filter((line) => line.startsWith('| `gateway_'))
    .map((line) =>
      line
        .slice(2, -2)
        .split('|')
        .map((cell) => cell.trim()),
    );
  const families: [string, Family][] = Object.entries({ ...FAMILIES, ...WORKER_FAMILIES });
  const due = families.map(([name, { kind, labels = [], help }]) => [
    `\`gateway_${name}\``,
    kind,
    labels.map((label) => `\`${label}\``).join(', '),
    help,
  ]);
  expect(rows.slice(0, due.length)).toEqual(due);
  expect(rows.slice(due.length).map(([name]) => name)).toEqual(['`gateway_part_duration_seconds`']);
});

test('promtool takes the rules', async ({ skip }) => {
  if (spawnSync('promtool', ['--version']).status !== 0) return skip('promtool is not installed');
  const path = fileURLToPath(new URL('../../infra/prometheus/rules.yml', import.meta.url));
  const { stdout } = await promisify(execFile)('promtool', ['check', 'rules', path]);
  expect(stdout).toContain(`SUCCESS: ${rules.length} rules found`);
});
