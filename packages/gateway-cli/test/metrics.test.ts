import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createGateway } from 'gateway-core';
import { connectClient, FakeClock } from 'gateway-core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { GatewayExposition } from '../src/metrics/exposition.js';
import { serveMetrics } from '../src/metrics/metrics-server.js';
import { Program } from './program.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const linesOf = (text: string) => text.split('\n').filter((line) => line.startsWith('gateway_'));

test('what has happened is told, once and not again at the next scrape', async () => {
  const clock = new FakeClock();
  const gateway = createGateway({
    clock,
    authenticate: () => new Promise((resolve) => void clock.setTimeout(() => resolve(true), 30)),
  });
  onTestFinished(() => gateway.close({ graceMs: 0 }));
  const exposition = new GatewayExposition(gateway);
  const client = connectClient(gateway);
  connectClient(gateway);
  client.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'g' } });
  await clock.advance(100);
  await gateway.publish('g', 1);
  client.sendText('{');
  await clock.settle();
  const first = linesOf(await exposition.text());
  expect(first).toEqual(
    expect.arrayContaining([
      'gateway_connections{dialect="none"} 1',
      'gateway_connections{dialect="1"} 1',
      'gateway_connections{dialect="2"} 0',
      'gateway_connections_total 2',
      'gateway_published_messages_total 1',
      'gateway_delivered_messages_total 1',
      'gateway_errors_total{code="BAD_JSON"} 1',
      'gateway_draining 0',
      'gateway_presence_members 1',
      'gateway_presence_groups 1',
      'gateway_joins_total 1',
      'gateway_leaves_total 0',
      'gateway_syncs_total{outcome="recovered"} 0',
      'gateway_resets_total{reason="trimmed"} 0',
      'gateway_part_duration_seconds_bucket{part="authenticate",le="0.025"} 0',
      'gateway_part_duration_seconds_bucket{part="authenticate",le="0.05"} 1',
      'gateway_part_duration_seconds_bucket{part="authenticate",le="+Inf"} 1',
      'gateway_part_duration_seconds_sum{part="authenticate"} 0.03',
      'gateway_part_duration_seconds_count{part="authenticate"} 1',
    ]),
  );
  expect(linesOf(await exposition.text())).toEqual(first);
  client.close();
  await clock.settle();
  expect(linesOf(await exposition.text())).toContain('gateway_closed_connections_total{code="1000"} 1');
});

test('no id of a group, a member or a client is in it', async () => {
  const clock = new FakeClock();
  const gateway = createGateway({ clock });
  onTestFinished(() => gateway.close({ graceMs: 0 }));
  const client = connectClient(gateway, { remoteAddress: '192.0.2.77' });
  client.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'secret-group', metadata: { name: 'ada' } } });
  await clock.settle();
  const text = await new GatewayExposition(gateway).text();
  expect(text).not.toMatch(/secret-group|192\.0\.2\.77|ada/);
});

test('they are answered at /metrics of their port alone', async () => {
  const gateway = createGateway();
  const server = await serveMetrics(new GatewayExposition(gateway), { host: '127.0.0.1', port: 0, logger });
  onTestFinished(async () => {
    server.close();
    await gateway.close({ graceMs: 0 });
  });
  const answer = await fetch(server.url);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    expect.stringMatching(/^text\/plain; version=0\.0\.4/),
  ]);
  expect(await answer.text()).toContain('# TYPE gateway_connections gauge');
  expect((await fetch(new URL('/', server.url))).status).toBe(404);
  expect((await fetch(server.url, { method: 'POST' })).status).toBe(405);
});

test('an error of the server that listens is logged, and ends nothing', async () => {
  const errors: unknown[] = [];
  const gateway = createGateway();
  const server = await serveMetrics(new GatewayExposition(gateway), {
    host: '127.0.0.1',
    port: 0,
    logger: { ...logger, error: (msg: string, meta?: object) => errors.push({ msg, ...meta }) },
  });
  const servers = new Set<Server>();
  const note = (message: unknown) => servers.add((message as { server: Server }).server);
  subscribe('http.server.request.start', note);
  onTestFinished(async () => {
    unsubscribe('http.server.request.start', note);
    server.close();
    await gateway.close({ graceMs: 0 });
  });
  await (await fetch(server.url)).text();
  const error = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
  for (const one of servers) one.emit('error', error);
  expect(errors).toEqual([{ msg: 'a scrape could not be accepted', error }]);
  expect((await fetch(server.url)).status).toBe(200);
});

test('serve --metrics-port says where they are, and a port that is taken is one line and exit code 2', async () => {
  const serve = ['serve', '--port', '0', '--host', '127.0.0.1', '--anonymous', '--metrics-port'];
  const program = new Program([...serve, '0']);
  const { metricsUrl } = await program.log('metrics on http://');
  expect((await fetch(String(metricsUrl))).status).toBe(200);
  const { port } = new URL(String(metricsUrl));
  const other = new Program([...serve, port]);
  expect(await other.exit).toEqual([2, null]);
  expect(await other.stderr).toMatch(
    new RegExp(`^gateway-cli: --metrics-port \\(GW_METRICS_PORT\\) takes a free port.* ${port} .*\\n$`),
  );
  program.process.kill('SIGTERM');
  expect((await once(program.process, 'exit'))[0]).toBe(0);
});
