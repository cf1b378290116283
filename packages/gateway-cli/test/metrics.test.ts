import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { createGateway, DURATION_BUCKETS_MS, type GatewayMetrics } from 'gateway-core';
import { connectClient, FakeClock } from 'gateway-core/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { GatewayExposition } from '../src/metrics/exposition.js';
import { serveMetrics } from '../src/metrics/metrics-server.js';
import { samplesOf } from '../src/metrics/samples.js';
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

test('each metric is its own number, and of several gateways the sum unless that would say nothing', () => {
  const metrics: GatewayMetrics = {
    ...{ connections: 1, closing: 2, droppedMembers: 3, groups: 4, logBytes: 5, connectionsTotal: 6, refusedTotal: 7 },
    ...{
      messagesInTotal: 8,
      bytesInTotal: 9,
      publishedTotal: 10,
      deliveredTotal: 11,
      errorsSentTotal: 12,
      slowConsumersTotal: 13,
    },
    ...{ resetsTotal: 14, passedOverTotal: 15, lostTotal: 16, gapsTotal: 17, unidentified: 18, lagMax: 19, bytesOutTotal: 20 },
    ...{
      resumesTotal: 21,
      presentMembers: 22,
      presentGroups: 23,
      joinsTotal: 24,
      leavesTotal: 25,
      draining: true,
      durations: {},
    },
    identified: { '1': 30, '2': 31 },
    closesTotal: { '1000': 32, other: 33 },
    errorsTotal: { BAD_JSON: 34 },
    syncsTotal: { live: 35, recovered: 36, reset: 37 },
    syncResetsTotal: { epoch: 38, trimmed: 39, ahead: 40 },
  };
  const all = samplesOf(metrics).filter(({ type }) => type !== 'histogram');
  const told = all.flatMap(({ name, values }) =>
    values.map(({ labels, value }) => [[name, ...Object.entries(labels).flat()].join(' ').replace('gateway_', ''), value]),
  );
  expect(Object.fromEntries(told)).toEqual({
    ...{ 'connections dialect none': 18, 'connections dialect 1': 30, 'connections dialect 2': 31, closing_connections: 2 },
    ...{
      dropped_members: 3,
      groups: 4,
      log_bytes: 5,
      lag_messages_max: 19,
      presence_members: 22,
      presence_groups: 23,
      draining: 1,
    },
    ...{ connections_total: 6, refused_connections_total: 7, 'closed_connections_total code 1000': 32 },
    ...{ 'closed_connections_total code other': 33, received_messages_total: 8, received_bytes_total: 9 },
    ...{ published_messages_total: 10, delivered_messages_total: 11, sent_bytes_total: 20, 'errors_total code BAD_JSON': 34 },
    ...{
      passed_over_messages_total: 15,
      lost_messages_total: 16,
      gaps_total: 17,
      slow_consumers_total: 13,
      log_resets_total: 14,
    },
    ...{
      resumes_total: 21,
      'syncs_total outcome live': 35,
      'syncs_total outcome recovered': 36,
      'syncs_total outcome reset': 37,
    },
    ...{ 'resets_total reason epoch': 38, 'resets_total reason trimmed': 39, 'resets_total reason ahead': 40 },
    ...{ joins_total: 24, leaves_total: 25 },
  });
  const others = all.filter(({ aggregator }) => aggregator !== 'sum').map(({ name, aggregator }) => [name, aggregator]);
  expect(others).toEqual([
    ['gateway_lag_messages_max', 'max'],
    ['gateway_draining', 'min'],
  ]);
});

test('a bucket counts all that took no longer than its bound, and the last one all, also what took longer than any', () => {
  const buckets = DURATION_BUCKETS_MS.map(() => 1);
  const durations = { authorize: { buckets: [...buckets, 5], count: buckets.length + 5, sumMs: 60_500 } };
  const gateway = createGateway();
  onTestFinished(() => gateway.close());
  const { values = [] } = samplesOf({ ...gateway.metrics(), durations }).find(({ type }) => type === 'histogram') ?? {};
  const told = values.map(({ metricName, labels: { part, le }, value }) => [metricName?.slice(22), part, le, value]);
  expect(told).toEqual([
    ...DURATION_BUCKETS_MS.map((boundMs, at) => ['seconds_bucket', 'authorize', boundMs / 1_000, at + 1]),
    ['seconds_bucket', 'authorize', '+Inf', buckets.length + 5],
    ['seconds_sum', 'authorize', undefined, 60.5],
    ['seconds_count', 'authorize', undefined, buckets.length + 5],
  ]);
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
  expect((await fetch(`${server.url}?from=prometheus`)).status).toBe(200);
  const head = await fetch(server.url, { method: 'HEAD' });
  expect([head.status, await head.text(), Number(head.headers.get('content-length'))]).toEqual([200, '', expect.any(Number)]);
  expect((await fetch(new URL('/', server.url))).status).toBe(404);
  expect((await fetch(server.url, { method: 'POST' })).status).toBe(405);
});

test('a scrape that fails is cut off and logged, and one that still waits does not hold up the end', async () => {
  const errors: unknown[] = [];
  const answers = [() => Promise.reject(new Error('no memory')), () => new Promise<string>(() => {})];
  const exposition = { contentType: 'text/plain', text: async () => (await answers.shift()?.()) ?? '' };
  const server = await serveMetrics(exposition, {
    host: '127.0.0.1',
    port: 0,
    logger: { ...logger, error: (msg: string, meta?: object) => errors.push({ msg, ...meta }) },
  });
  onTestFinished(() => server.close());
  await expect(fetch(server.url)).rejects.toThrow('fetch failed');
  expect(errors).toEqual([{ msg: 'metrics could not be told', error: new Error('no memory') }]);
  const waiting = fetch(server.url);
  await vi.waitUntil(() => answers.length === 0);
  server.close();
  await expect(waiting).rejects.toThrow('fetch failed');
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

/** Metrics that are told when a test wants it. */
function heldExposition() {
  const asked: ((text: string) => void)[] = [];
  return { asked, contentType: 'text/plain', text: () => new Promise<string>((resolve) => asked.push(resolve)) };
}

test('scrapes that come together are one', async () => {
  const exposition = heldExposition();
  const server = await serveMetrics(exposition, { host: '127.0.0.1', port: 0, logger });
  onTestFinished(() => server.close());
  const requests = new Set<unknown>();
  const note = ({ request }: { request?: unknown }) => void requests.add(request);
  subscribe('http.server.request.start', note as never);
  onTestFinished(() => void unsubscribe('http.server.request.start', note as never));
  const both = [fetch(server.url), fetch(server.url)];
  await vi.waitFor(() => expect(requests.size).toBe(2));
  expect(exposition.asked).toHaveLength(1);
  exposition.asked[0]?.('a 1');
  expect(await Promise.all(both.map(async (one) => (await one).text()))).toEqual(['a 1', 'a 1']);
  const next = fetch(server.url);
  await vi.waitFor(() => expect(exposition.asked).toHaveLength(2));
  exposition.asked[1]?.('a 2');
  expect(await (await next).text()).toBe('a 2');
});

test('scrapers that never ask are sent away in time, and more of them than may be there as they come', async () => {
  const gateway = createGateway();
  const bounds = { requestTimeoutMs: 500, connectionsMax: 3 };
  const server = await serveMetrics(new GatewayExposition(gateway), { host: '127.0.0.1', port: 0, logger, ...bounds });
  onTestFinished(async () => {
    server.close();
    await gateway.close({ graceMs: 0 });
  });
  const heard: string[] = [];
  const sockets = Array.from({ length: 6 }, (_, at) => {
    heard.push('');
    return connect(Number(new URL(server.url).port), '127.0.0.1')
      .on('error', () => {})
      .on('data', (chunk) => {
        heard[at] = `${heard[at]}${chunk}`;
      });
  });
  await Promise.all(sockets.map((socket) => once(socket, 'close')));
  const answered = heard.filter((text) => text.startsWith('HTTP/1.1 408 '));
  expect([answered.length, heard.filter((text) => text === '').length]).toEqual([3, 3]);
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
