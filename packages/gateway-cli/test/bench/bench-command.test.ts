import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { BenchRun, shortRun } from './run-bench.js';
import { Servers } from './servers.js';

/** Clears a terminal's line (ECMA-48 EL). */
const CLEAR = '\u001b[K';

const servers = new Servers();
afterEach(() => servers.close());

describe('against a gateway that is well', () => {
  test('every message reaches everybody in its group, and the exit code is 0', async () => {
    const { url, gateway: running } = await servers.gateway();
    const { code, outcome } = await shortRun(url, '--groups', '3', '--connections', '7', '--size', '300').outcome();
    expect(code).toBe(0);
    expect(outcome).toEqual({
      url,
      ok: true,
      interrupted: false,
      connections: { wanted: 7, opened: 7, refused: 0, dropped: 0 },
      groups: 3,
      publishers: 3,
      sizeBytes: 300,
      elapsedMs: expect.any(Number),
      published: 20,
      skipped: 0,
      // In turns: seven messages in the group of three and in the next one of two, six in the last.
      deliveries: 7 * 3 + 7 * 2 + 6 * 2,
      deliveriesPerSecond: expect.any(Number),
      latencyMs: {
        p50: expect.any(Number),
        p90: expect.any(Number),
        p99: expect.any(Number),
        p999: expect.any(Number),
        max: expect.any(Number),
      },
      lost: 0,
      doubled: 0,
      outOfOrder: 0,
      mangled: 0,
      errors: {},
      refusals: {},
      drops: {},
    });
    // The load ends before the gateway has heard of the last close.
    await expect
      .poll(() => running.stats())
      .toMatchObject({
        publishedTotal: 20,
        deliveredTotal: outcome.deliveries,
        connections: 0,
        droppedMembers: 0,
      });
  });

  test('a rate over one connection’s limit is spread over several', async () => {
    const { url } = await servers.gateway();
    const { code, outcome } = await shortRun(url, '--connections', '5', '--rate', '500').outcome();
    expect({ code, ...outcome }).toMatchObject({ code: 0, publishers: 5, published: 100, deliveries: 500 });
  });

  test('the summary for people says the same', async () => {
    const { url } = await servers.gateway();
    const bench = new BenchRun([url, '--connections', '3', '--rate', '50', '--duration', '0.1']);
    expect(await bench.code).toBe(0);
    expect(bench.err).toBe('');
    expect(bench.out.split('\n')).toEqual([
      `${url}: ok`,
      '  connections   3 of 3 in 1 group, 0 refused, 0 dropped',
      expect.stringMatching(/^ {2}published {5}5 messages of 128 bytes by 1 publisher in \d+\.\d s$/),
      expect.stringMatching(/^ {2}delivered {5}15, \d+\/s$/),
      expect.stringMatching(/^ {2}latency {7}p50 .* ms {2}p90 .* ms {2}p99 .* ms {2}p99\.9 .* ms {2}max .* ms$/),
      '  lost          0',
      '  doubled       0',
      '  out of order  0',
      '',
    ]);
  });

  test('clients are heard as often as the gateway says', async () => {
    const { sockets, url } = await servers.contract({ heartbeatIntervalMs: 50 });
    const bench = new BenchRun([url, '--connections', '1', '--rate', '1', '--duration', '3600']);
    const [socket] = await once(sockets, 'connection');
    let heartbeats = 0;
    while (heartbeats < 2) if (JSON.parse(String((await once(socket, 'message'))[0])).type === 'heartbeat') heartbeats++;
    bench.signals.emit('SIGINT', 'SIGINT');
    expect(await bench.code).toBe(0);
  });

  test('the token of --token or GW_BENCH_TOKEN goes with every identify', async () => {
    const { url } = await servers.gateway({ authenticate: ({ token }) => token === 'right' });
    expect(await shortRun(url, '--token', 'right').outcome()).toMatchObject({ code: 0, outcome: { deliveries: 80 } });
    const byVariable = new BenchRun([url, '--connections', '1', '--duration', '0.1'], { env: { GW_BENCH_TOKEN: 'right' } });
    expect(await byVariable.code).toBe(0);
    expect(await shortRun(url, '--token', 'wrong').outcome()).toMatchObject({
      code: 1,
      outcome: { connections: { opened: 0, refused: 1 }, refusals: { UNAUTHORIZED: 1 } },
    });
  });
});

describe('a signal', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends the run with its summary', async (signal) => {
    const server = await servers.gateway();
    const bench = shortRun(server.url, '--duration', '3600');
    await new Promise<void>((resolve) => void server.gateway.on('data', ({ seq }) => seq === 5 && resolve()));
    bench.signals.emit(signal, signal);
    const { code, outcome } = await bench.outcome();
    expect({ code, ...outcome }).toMatchObject({ code: 0, ok: true, interrupted: true, lost: 0 });
    expect(outcome.deliveries).toBe(outcome.published * 4);
    expect(bench.signals.eventNames()).toEqual([]);
  });

  test('ends it while it connects, too; a second one exits at once', async () => {
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const connected = once(silent, 'connection');
    const bench = shortRun(`ws://127.0.0.1:${port}/rt`);
    const [socket] = await connected;
    servers.add(() => {
      socket.destroy();
      silent.close();
    });
    for (let i = 0; i < 2; i++) bench.signals.emit('SIGINT', 'SIGINT');
    expect(bench.exits).toEqual([1]);
    expect(await bench.outcome()).toMatchObject({
      code: 0,
      outcome: { interrupted: true, connections: { opened: 0, refused: 0 } },
    });
  });
});

test('a terminal shows on one line how it goes, and the line is gone in the end', async () => {
  const { url } = await servers.gateway();
  const bench = new BenchRun([url, '--connections', '2', '--duration', '3600'], { terminal: true });
  await bench.said(/^\rconnected: 0 of 2/);
  await bench.said(
    /\r\d+\.\d\/3600\.0 s {2}[\d,]+ deliveries\/s {2}p50 .* ms {2}p99 .* ms {2}lost 0 {2}doubled 0 {2}out of order 0/,
  );
  bench.signals.emit('SIGINT', 'SIGINT');
  expect(await bench.code).toBe(0);
  expect(bench.err.endsWith(`\r${CLEAR}`)).toBe(true);
  expect(bench.err).not.toContain('\n');
  expect(bench.out).toMatch(/: ok, interrupted\n/);
});
