import { CLIENT_ERROR_CODES, DEFAULT_BACKOFF, DEFAULT_CLIENT_TIMINGS, DEFAULT_OUTBOX } from 'gateway-client';
import { createGateway, DEFAULT_LIMITS, DEFAULT_TIMINGS, GATEWAY_ERROR_CODES } from 'gateway-core';
import { DEFAULT_JWT_LIMITS, DEFAULT_JWT_TIMINGS } from 'gateway-jwt';
import { beforeAll, describe, expect, test } from 'vitest';
import { read } from '../tidy/tree.js';
import { outputOfCli } from './cli.js';
import { codeIn, namesIn, tableOf } from './markdown.js';

/** `256 KiB` and `10,000` as numbers; what is in brackets is for people. */
function numberIn(cell: string): number {
  const [, digits, unit = ''] = cell.match(/^([\d,]+)(?: (KiB|MiB))?(?: \(off\))?$/) ?? [];
  if (digits === undefined) throw new Error(`not a number: ${cell}`);
  const bytes: Record<string, number> = { '': 1, KiB: 1024, MiB: 1024 * 1024 };
  return Number(digits.replaceAll(',', '')) * (bytes[unit] as number);
}

const numbers = (rows: string[][]) =>
  Object.fromEntries(rows.map(([name = '', fallback = '']) => [codeIn(name)[0], numberIn(fallback)]));

test('the timings of README.md have their defaults', () => {
  expect(numbers(tableOf('README.md', 'Timings'))).toEqual(DEFAULT_TIMINGS);
});

test('the limits of README.md have their defaults, and say which is off', () => {
  const rows = tableOf('README.md', 'Limits');
  expect(numbers(rows)).toEqual(DEFAULT_LIMITS);
  for (const [name, fallback = ''] of rows) expect(fallback.endsWith('(off)'), name).toBe(numberIn(fallback) === 0);
});

test('the timings and bounds of gateway-jwt in its README have their defaults', () => {
  const readme = 'packages/gateway-jwt/README.md';
  expect(numbers(tableOf(readme, 'Timings'))).toEqual(DEFAULT_JWT_TIMINGS);
  expect(numbers(tableOf(readme, 'Bounds'))).toEqual(DEFAULT_JWT_LIMITS);
});

test('the options of README.md have their defaults', async () => {
  const rows = tableOf('README.md', 'Options');
  const said = Object.fromEntries(rows.map(([name = '', fallback = '']) => [codeIn(name)[0], fallback]));
  const gateway = createGateway();
  expect(said.path).toBe(`\`${gateway.path}\``);
  await gateway.close();
  const { trustProxyHops } = JSON.parse(await outputOfCli('serve', '--print-config'));
  expect(said.trustProxyHops).toBe(`\`${trustProxyHops}\``);
  // What the composition root takes where an option is absent.
  const root = read('packages/gateway-core/src/create-gateway.ts');
  for (const name of ['presence', 'sessions', 'broker'] as const) {
    const [, made = ''] = root.match(new RegExp(`options\\.${name} \\?\\?\\s+(new \\w+|\\w+)`)) ?? [];
    // Made in place, or made before and known by a name.
    const [, expression = made] = root.match(new RegExp(`const ${made} = (new \\w+)\\(`)) ?? [];
    expect(expression, name).toBe(`new ${codeIn(said[name] ?? '')[0]}`);
  }
});

test('the defaults and errors of gateway-client are those of its README', () => {
  const readme = 'packages/gateway-client/README.md';
  const said = (heading: string) =>
    Object.fromEntries(
      tableOf(readme, heading)
        .map(([name = '', fallback = '']) => [codeIn(name)[0], fallback.replaceAll(/[,`']/g, '')])
        .filter(([, fallback]) => fallback !== 'none'),
    );
  const known = (defaults: object) => Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, String(value)]));
  expect(said('Timings')).toEqual(known(DEFAULT_CLIENT_TIMINGS));
  expect(said('Backoff')).toEqual(known(DEFAULT_BACKOFF));
  expect(said('Outbox')).toEqual(known(DEFAULT_OUTBOX));
  const errors = tableOf(readme, 'Errors').map(([code = '', meaning]) => [codeIn(code)[0], meaning]);
  expect(Object.fromEntries(errors)).toEqual(CLIENT_ERROR_CODES);
});

test('the errors of gateway-core are those of its README', () => {
  const rows = tableOf('packages/gateway-core/README.md', 'Errors');
  expect(Object.fromEntries(rows.map(([code = '', when]) => [codeIn(code)[0], when]))).toEqual(GATEWAY_ERROR_CODES);
});

test('the scripts of README.md are those of package.json, but for start and test, which come before them', () => {
  const { scripts } = JSON.parse(read('package.json'));
  expect(['start', 'test', ...namesIn(tableOf('README.md', 'Run it'))].sort()).toEqual(Object.keys(scripts).sort());
});

describe('the command line in README.md', () => {
  const rows = tableOf('README.md', 'Command line');
  let help: string;
  let config: Record<string, unknown>;
  beforeAll(async () => {
    help = await outputOfCli('serve', '--help');
    config = JSON.parse(await outputOfCli('serve', '--print-config'));
  });

  test('has every flag of the server, each with its variable', () => {
    const server = help.slice(help.indexOf('\nServer:'), help.indexOf('\nTimings:'));
    const told = [...server.matchAll(/^ +(--[\w-]+) <.*\((\w+), default/gm)].map(([, flag, variable]) => [flag, variable]);
    const said = rows.map(([flag = '', variable = '']) => [codeIn(flag)[0], codeIn(variable)[0]]);
    expect(told.length).toBeGreaterThan(4);
    expect(said.filter(([, variable]) => variable !== undefined)).toEqual(told);
  });

  test('has the defaults', () => {
    const said = Object.fromEntries(rows.map(([flag = '', , fallback = '']) => [codeIn(flag)[0], fallback.replaceAll('`', '')]));
    expect(said['--port']).toBe(String(config.port));
    expect(said['--host']).toBe(config.host);
    expect(said['--path']).toBe(config.path);
    expect(said['--allowed-origin']).toBe('any');
    expect(config.allowedOrigins).toBeNull();
    expect(said['--trust-proxy-hops']).toBe(String(config.trustProxyHops));
    expect(said['--log-level']).toBe(config.logLevel);
  });
});
