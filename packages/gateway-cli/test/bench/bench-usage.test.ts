import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGateway } from 'gateway-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { selfSigned } from '../../../../tests/shared-server/support/self-signed.js';
import { runCli } from '../memory-io.js';
import { shortRun } from './run-bench.js';

const GATEWAY = 'ws://127.0.0.1:4100/rt';

describe('one line on stderr and exit code 2', () => {
  test.each<[argv: string[], line: string | RegExp]>([
    [[], "missing required argument 'url'; see gateway-cli bench --help"],
    [[GATEWAY, 'twice'], /^too many arguments for 'bench'.*; see gateway-cli bench --help$/],
    [[GATEWAY, '--speed', '1'], /^unknown option '--speed'.*; see gateway-cli bench --help$/],
    ...['http://127.0.0.1/rt', '127.0.0.1:4100', 'ws://', 'ws://user@host/rt', 'ws://host/rt#there', ''].map(
      (url): [string[], string] => [[url], `bench takes a URL like ws://127.0.0.1:4100/rt, not ${JSON.stringify(url)}`],
    ),
    [[GATEWAY, '--connections', '0'], '--connections takes an integer from 1 to 50000, not "0"'],
    [[GATEWAY, '--connections', '50001'], '--connections takes an integer from 1 to 50000, not "50001"'],
    [[GATEWAY, '--groups', 'many'], '--groups takes an integer from 1 to 50000, not "many"'],
    [[GATEWAY, '--groups', '101'], '--groups (GW_BENCH_GROUPS) takes at most one for each of the 100 connections, not "101"'],
    [[GATEWAY, '--rate', '1e3'], '--rate takes an integer from 1 to 100000, not "1e3"'],
    [[GATEWAY, '--size', '24'], '--size takes an integer from 25 to 1048576, not "24"'],
    [[GATEWAY, '--duration', '0'], '--duration takes seconds from 0.1 to 86400, not "0"'],
    [[GATEWAY, '--duration', '10s'], '--duration takes seconds from 0.1 to 86400, not "10s"'],
    [[GATEWAY, '--token', ''], '--token takes a token, not ""'],
    [[GATEWAY, '--insecure'], '--ca (GW_BENCH_CA) and --insecure go with a wss:// URL'],
    [[GATEWAY, '--ca', 'ca.pem'], '--ca (GW_BENCH_CA) and --insecure go with a wss:// URL'],
    [['wss://host', '--ca', 'no/such.pem'], '--ca (GW_BENCH_CA) takes a file that can be read, not "no/such.pem" (ENOENT)'],
  ])('for %j', async (argv, line) => {
    const { code, out, err } = await runCli(['bench', ...argv]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^gateway-cli: [^\n]+\n$/);
    const said = err.slice('gateway-cli: '.length, -1);
    if (typeof line === 'string') expect(said).toBe(line);
    else expect(said).toMatch(line);
  });

  test('for a variable', async () => {
    const { code, err } = await runCli(['bench', GATEWAY], { GW_BENCH_RATE: 'fast' });
    expect({ code, err }).toEqual({ code: 2, err: 'gateway-cli: GW_BENCH_RATE takes an integer from 1 to 100000, not "fast"\n' });
  });
});

test('the help names every flag with its variable and default', async () => {
  const { code, out } = await runCli(['bench', '--help']);
  expect(code).toBe(0);
  for (const part of [
    /--connections <n> .*GW_BENCH_CONNECTIONS, default 100\)/,
    /--groups <n> .*GW_BENCH_GROUPS, default 1\)/,
    /--rate <n> .*GW_BENCH_RATE, default 100\)/,
    /--size <n> .*GW_BENCH_SIZE, default 128\)/,
    /--duration <s> .*GW_BENCH_DURATION, default 10\)/,
    /--token <token> .*GW_BENCH_TOKEN, default none\)/,
    /--ca <file> .*GW_BENCH_CA, default none\)/,
    /--insecure /,
    /--json /,
  ]) {
    expect(out).toMatch(part);
  }
});

test('a load that a gateway refuses by default is warned of before it runs', async () => {
  // Nobody listens on port 1.
  const bench = shortRun('ws://127.0.0.1:1/rt', '--connections', '2', '--rate', '1000');
  expect(await bench.code).toBe(1);
  expect(bench.err).toMatch(/^gateway-cli: each of 2 publishers sends 500 messages .* answers RATE_LIMITED .*\n$/);
});

describe('over wss:', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-bench-'));
  const { key, cert } = selfSigned();
  const authority = join(folder, 'ca.pem');
  const server = createServer({ key, cert });
  const gateway = createGateway({ server });
  let url: string;
  beforeAll(async () => {
    writeFileSync(authority, cert);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `wss://127.0.0.1:${(server.address() as { port: number }).port}/rt`;
  });
  afterAll(async () => {
    await gateway.close();
    server.close();
    rmSync(folder, { recursive: true });
  });

  test('a certificate that nobody vouches for is refused', async () => {
    const { code, outcome } = await shortRun(url).outcome();
    expect({ code, refusals: outcome.refusals }).toEqual({ code: 1, refusals: { 'self-signed certificate': 1 } });
  });

  test.each([
    ['--ca', () => [authority]],
    ['--insecure', () => []],
  ])('%s accepts it', async (flag, values) => {
    expect(await shortRun(url, flag, ...values()).outcome()).toMatchObject({ code: 0, outcome: { deliveries: 80 } });
  });
});
