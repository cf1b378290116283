import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createGateway } from 'gateway-core';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { FAMILIES, WORKER_FAMILIES } from '../../packages/gateway-cli/src/metrics/families.js';
import { samplesOf } from '../../packages/gateway-cli/src/metrics/samples.js';
import { WorkersExposition, WorkersMetrics } from '../../packages/gateway-cli/src/workers/workers-exposition.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const rules: { alert: string; expr: string }[] = parse(read('infra/prometheus/rules.yml')).groups.flatMap(
  ({ rules }: { rules: never[] }) => rules,
);
const panels: { title: string; targets: { expr: string }[] }[] = JSON.parse(read('infra/grafana/gateway.json')).panels;
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
