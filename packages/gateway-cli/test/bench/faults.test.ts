import { afterEach, describe, expect, test } from 'vitest';
import { Load } from '../../src/bench/load.js';
import { resolveBenchOptions } from '../../src/bench/options.js';
import { BenchRun, shortRun } from './run-bench.js';
import { Servers } from './servers.js';

const servers = new Servers();
afterEach(() => servers.close());

describe('the exit code is 1, and the outcome says', () => {
  test('how many deliveries were lost', async () => {
    const { url } = await servers.contract({ spoil: (number, data) => (number % 10 === 3 ? [] : [data]) });
    const { code, outcome } = await shortRun(url).outcome();
    expect({ code, ...outcome }).toMatchObject({
      code: 1,
      ok: false,
      published: 20,
      deliveries: 78,
      lost: 2,
      doubled: 0,
      outOfOrder: 0,
    });
  });

  test('that the last one was lost, which no later one shows', async () => {
    const { url } = await servers.contract({ spoil: (number, data) => (number === 19 ? [] : [data]) });
    const options = resolveBenchOptions(
      url,
      new Map([
        ['--connections', '4'],
        ['--duration', '0.2'],
      ]),
      {},
      false,
    );
    const outcome = await new Load(options, { patienceMs: 50 }).run(new AbortController().signal);
    expect(outcome).toMatchObject({ ok: false, published: 20, deliveries: 79, lost: 1 });
  });

  test('how many came twice', async () => {
    const { url } = await servers.contract({ spoil: (number, data) => (number === 5 ? [data, data] : [data]) });
    expect(await shortRun(url).outcome()).toMatchObject({
      code: 1,
      outcome: { deliveries: 80, lost: 0, doubled: 1, outOfOrder: 0 },
    });
  });

  test('how many came out of order', async () => {
    let held = '';
    const spoil = (number: number, data: string) => {
      if (number === 5) held = data;
      return number === 5 ? [] : number === 6 ? [data, held] : [data];
    };
    const { url } = await servers.contract({ spoil });
    expect(await shortRun(url).outcome()).toMatchObject({
      code: 1,
      outcome: { deliveries: 80, lost: 0, doubled: 0, outOfOrder: 1 },
    });
  });

  test('what was delivered that nobody published', async () => {
    const { url } = await servers.contract({ spoil: (number, data) => (number === 5 ? [data, 'hello'] : [data]) });
    expect(await shortRun(url).outcome()).toMatchObject({ code: 1, outcome: { deliveries: 80, lost: 0, mangled: 1 } });
  });

  test('that the gateway answered RATE_LIMITED, and what to do', async () => {
    const { url } = await servers.gateway({ limits: { messagesPerSecondMax: 1, messagesBurst: 11 } });
    const bench = new BenchRun([url, '--connections', '2', '--rate', '100', '--duration', '0.2']);
    expect(await bench.code).toBe(1);
    expect(bench.out).toMatch(/\n {2}lost {10}[1-9]\d*\n/);
    expect(bench.out).toMatch(
      /\n {2}\d+ × error: RATE_LIMITED\n {2}RATE_LIMITED: .*--messages-per-second-max.*\n.*More --connections/,
    );
  });

  test('that the gateway answered RATE_LIMITED, at once on a terminal', async () => {
    const { url } = await servers.gateway({ limits: { messagesPerSecondMax: 1, messagesBurst: 11, errorsBurst: 100_000 } });
    const bench = new BenchRun([url, '--connections', '2', '--rate', '100', '--duration', '3600'], { terminal: true });
    await bench.said(/s {2}RATE_LIMITED × \d+ {2}[\d,]+ deliveries/);
    bench.signals.emit('SIGINT', 'SIGINT');
    expect(await bench.code).toBe(1);
  });

  test('which connections were refused, and goes on with the others', async () => {
    const { url } = await servers.gateway({ limits: { connectionsMax: 3 } });
    const { code, outcome } = await shortRun(url).outcome();
    expect({ code, ...outcome }).toMatchObject({
      code: 1,
      connections: { wanted: 4, opened: 3, refused: 1 },
      refusals: { 'upgrade refused: HTTP/1.1 503 Service Unavailable': 1 },
      deliveries: 60,
      lost: 0,
    });
  });

  test('that nobody listens, after one attempt', async () => {
    const { url, close } = await servers.contract();
    close();
    const { code, outcome } = await shortRun(url).outcome();
    expect({ code, ...outcome }).toMatchObject({ code: 1, connections: { wanted: 4, opened: 0, refused: 1 }, published: 0 });
    expect(Object.keys(outcome.refusals)).toEqual([expect.stringMatching(/^connect ECONNREFUSED /)]);
  });

  test('which connections were dropped, and ends when none is left', async () => {
    const server = await servers.gateway();
    server.gateway.on('data', ({ seq }) => {
      if (seq === 5) for (const { connectionId } of server.gateway.connections()) server.gateway.disconnect(connectionId);
    });
    const { code, outcome } = await shortRun(server.url, '--duration', '3600').outcome();
    expect({ code, ...outcome }).toMatchObject({ code: 1, connections: { opened: 4, dropped: 4 }, drops: { 'close 4003': 4 } });
  });
});
