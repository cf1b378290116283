import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type RunningServer, serve } from 'gateway-cli';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { SUBSTITUTES } from '../deploy/substitutes.js';
import { blocksOf, tableOf } from '../docs/markdown.js';
import { hasNginx, type RunningNginx, startVpsNginx } from './nginx.js';
import { WireClient } from './wire-client.js';

const PAGE = 'docs/vps.md';
const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string) => readFileSync(path(name), 'utf8');
const commands = blocksOf(PAGE).map(({ text }) => text);
const has = (program: string) => spawnSync(program, ['--version']).error === undefined;
/** What a program printed on both streams; rejects where it does not end with 0. */
const run = async (program: string, ...args: string[]) => {
  const { stdout, stderr } = await promisify(execFile)(program, args);
  return stdout + stderr;
};

describe('the files of the page', () => {
  test('go together: addresses are those that the page has the programs listen on', () => {
    const listens = (program: string) => new RegExp(`${program}"?\\n?ARGS="--web.listen-address=([\\d.:]+)`);
    const [, prometheus] = listens('').exec(commands.find((text) => text.includes(':9090"')) ?? '') ?? [];
    const [, alertmanager] = listens('').exec(commands.find((text) => text.includes(':9093 ')) ?? '') ?? [];
    const { alerting, scrape_configs, rule_files } = parse(read('infra/prometheus/prometheus.yml'));
    expect(alerting.alertmanagers[0].static_configs[0].targets).toEqual([alertmanager]);
    expect(parse(read('infra/grafana/datasource.yaml')).datasources[0].url).toBe(`http://${prometheus}`);
    const [, metricsPort] = /^GW_METRICS_PORT=(\d+)$/m.exec(commands.join('')) ?? [];
    expect(scrape_configs[0]).toMatchObject({ job_name: 'gateway', static_configs: [{ targets: [`127.0.0.1:${metricsPort}`] }] });
    expect(rule_files.map((file: string) => existsSync(path(`infra/prometheus/${file}`)))).toEqual([true]);
    const { path: folder } = parse(read('infra/grafana/dashboards.yaml')).providers[0].options;
    expect(commands.join('')).toContain(`"$INFRA/grafana/gateway.json" ${folder}/gateway.json`);
  });

  test('have the firewall open for what the page says that everybody reaches', () => {
    const [, ports = ''] = /tcp dport \{ ([\d, ]+) \} accept/.exec(read('infra/nftables/nftables.conf')) ?? [];
    const open = tableOf(PAGE, 'Firewall').filter(([, to]) => to === 'everybody');
    expect(ports.split(', ')).toEqual(open.map(([port]) => port));
  });
});

test('the page says what its test replaces', () => {
  expect(tableOf(PAGE, 'How this page is tested')).toEqual(SUBSTITUTES.map(({ of, by }) => [of, by]));
});

test('promtool takes the configuration of Prometheus', async ({ skip }) => {
  if (!has('promtool')) return skip('promtool is not installed');
  expect(await run('promtool', 'check', 'config', path('infra/prometheus/prometheus.yml'))).toContain('SUCCESS');
});

test('amtool takes the configuration of Alertmanager', async ({ skip }) => {
  if (!has('amtool')) return skip('amtool is not installed');
  expect(await run('amtool', 'check-config', path('infra/alertmanager/alertmanager.yml'))).toContain('SUCCESS');
});

test('systemd takes the unit with the file that stands beside it', async ({ skip }) => {
  if (!has('systemd-analyze')) return skip('systemd-analyze is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'gateway-unit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const unit = join(folder, 'gateway.service');
  // The only path that is the server's own: the gateway is not installed here.
  const text = read('infra/systemd/gateway.service').replace('/srv/gateway/node_modules/.bin/gateway-cli', '/bin/true');
  writeFileSync(unit, text);
  mkdirSync(`${unit}.d`);
  writeFileSync(`${unit}.d/tokens.conf`, read('infra/systemd/tokens.conf'));
  const about = (said: string) => said.split('\n').filter((line) => line.includes(folder));
  expect(about(await run('systemd-analyze', 'verify', unit))).toEqual([]);
  writeFileSync(unit, text.replace('Restart=on-failure', 'Restart=sometimes'));
  expect(about(await run('systemd-analyze', 'verify', unit))).toHaveLength(1);
});

describe('nginx with the files for a server of one’s own', () => {
  let gateway: RunningServer;
  let nginx: RunningNginx;

  beforeEach(({ skip }) => skip(!hasNginx, "nginx is not installed; Debian's package nginx-light brings it"));
  beforeAll(async () => {
    if (!hasNginx) return;
    gateway = await serve({ port: 0, host: '127.0.0.1', trustProxyHops: 1 });
    nginx = await startVpsNginx(gateway.port);
  });
  afterAll(async () => {
    await gateway?.close();
    await nginx?.stop();
  });

  test('carries messages over wss, and tells the gateway the address of the client', async () => {
    const claimed = { 'x-forwarded-for': '203.0.113.7' };
    const client = new WireClient(`wss://localhost:${nginx.tlsPort}/rt`, {
      ca: nginx.ca,
      localAddress: '127.0.0.9',
      headers: claimed,
    });
    await client.join('talk');
    expect(gateway.gateway.connections().map(({ remoteAddress }) => remoteAddress)).toEqual(['127.0.0.9']);
    const data = 'x'.repeat(200 * 1024);
    client.send({ type: 'data_update', payload: { data } });
    expect(await client.next('data_update')).toMatchObject({ payload: { data } });
    await client.close();
  });

  test('shows certbot’s files on port 80, and nothing else', async () => {
    mkdirSync(join(nginx.folder, '.well-known/acme-challenge'), { recursive: true });
    writeFileSync(join(nginx.folder, '.well-known/acme-challenge/name'), 'answer');
    const ask = (path: string) => fetch(`http://127.0.0.1:${nginx.plainPort}${path}`);
    expect(await (await ask('/.well-known/acme-challenge/name')).text()).toBe('answer');
    for (const other of ['/rt', '/health', '/privkey.pem', '/.well-known/acme-challenge/../../privkey.pem'])
      expect((await ask(other)).status).toBe(404);
  });
});
