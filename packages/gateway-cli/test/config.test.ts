import { DEFAULT_LIMITS, DEFAULT_TIMINGS } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { printedConfig } from './memory-io.js';

const NUMBERS = [
  ...Object.entries(DEFAULT_TIMINGS).map(([name, fallback]) => ['timings', name, fallback] as const),
  ...Object.entries(DEFAULT_LIMITS).map(([name, fallback]) => ['limits', name, fallback] as const),
];

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const variable = (name: string) => `GW_${kebab(name).replaceAll('-', '_').toUpperCase()}`;

describe('the printed configuration', () => {
  test('without flags and variables holds the defaults of the gateway', async () => {
    expect(await printedConfig([])).toEqual({
      port: 4100,
      host: '0.0.0.0',
      path: '/rt',
      allowedOrigins: null,
      trustProxyHops: 0,
      trustProxyHeader: 'auto',
      refuseBy: 'status',
      metricsPort: null,
      workers: 0,
      logLevel: 'info',
      pretty: false,
      probes: false,
      anonymous: false,
      tokens: null,
      redis: null,
      playground: null,
      timings: DEFAULT_TIMINGS,
      limits: DEFAULT_LIMITS,
    });
  });

  test('says which Redis is shared, without its password', async () => {
    const env = { GW_REDIS_URL: 'rediss://node:secret@redis.example:6380', GW_REDIS_PREFIX: 'one' };
    expect((await printedConfig([], env)).redis).toEqual({ url: 'rediss://node:***@redis.example:6380', prefix: 'one' });
    const flags = ['--redis-url', 'redis://127.0.0.1', '--redis-prefix', 'two'];
    expect((await printedConfig(flags, env)).redis).toEqual({ url: 'redis://127.0.0.1', prefix: 'two' });
    const sentinels = { GW_REDIS_URL: 'redis+sentinel://:secret@one:26379,two/mymaster/1' };
    expect((await printedConfig([], sentinels)).redis.url).toBe('redis+sentinel://:***@one:26379,two/mymaster/1');
    const likePort = { GW_REDIS_URL: 'redis://user:12/34@redis.example' };
    expect((await printedConfig([], likePort)).redis.url).toBe('redis://user:***@redis.example');
  });

  test('is printed at once, however long a drain may be', async () => {
    expect((await printedConfig(['--drain-delay-ms', '600000'])).timings.drainDelayMs).toBe(600_000);
  });

  test.each(NUMBERS)(
    '%s.%s: a flag counts before its variable, the variable before the default',
    async (group, name, fallback) => {
      // Apart by one from the default and from each other, so that no rule between two options is broken.
      const env = { [variable(name)]: String(fallback + 1) };
      expect((await printedConfig([], env))[group][name]).toBe(fallback + 1);
      expect((await printedConfig([`--${kebab(name)}`, String(fallback + 2)], env))[group][name]).toBe(fallback + 2);
    },
  );

  test.each([
    ['port', ['--port', '0'], { GW_PORT: '8080' }, 8080, 0],
    ['host', ['--host', '127.0.0.1'], { GW_HOST: '::1' }, '::1', '127.0.0.1'],
    ['workers', ['--workers', '2'], { GW_WORKERS: '4' }, 4, 2],
    ['path', ['--path=/ws'], { GW_PATH: '/realtime' }, '/realtime', '/ws'],
    ['trustProxyHops', ['--trust-proxy-hops', '2'], { GW_TRUST_PROXY_HOPS: '1' }, 1, 2],
    ['trustProxyHeader', ['--trust-proxy-header', 'auto'], { GW_TRUST_PROXY_HEADER: 'forwarded' }, 'forwarded', 'auto'],
    ['refuseBy', ['--refuse-by', 'close'], { GW_REFUSE_BY: 'status' }, 'status', 'close'],
    ['logLevel', ['--log-level', 'error'], { LOG_LEVEL: 'debug' }, 'debug', 'error'],
    [
      'allowedOrigins',
      ['--allowed-origin', 'https://a.example', '--allowed-origin', 'http://b.example:8080'],
      { GW_ALLOWED_ORIGIN: 'https://c.example, https://d.example' },
      ['https://c.example', 'https://d.example'],
      ['https://a.example', 'http://b.example:8080'],
    ],
  ])('%s: a flag counts before its variable, the variable before the default', async (name, argv, env, byVariable, byFlag) => {
    expect((await printedConfig([], env))[name]).toEqual(byVariable);
    expect((await printedConfig(argv, env))[name]).toEqual(byFlag);
  });

  test('an empty variable counts as not set', async () => {
    const config = await printedConfig([], { GW_PORT: '', GW_ALLOWED_ORIGIN: '', LOG_LEVEL: '', GW_HEARTBEAT_TIMEOUT_MS: '' });
    expect(config).toEqual(await printedConfig([]));
  });

  test('of a flag given twice the last counts', async () => {
    expect((await printedConfig(['--port', '1', '--port', '2'])).port).toBe(2);
  });

  test('0 switches a limit off', async () => {
    const { limits } = await printedConfig(['--messages-burst', '0'], { GW_CONNECTIONS_MAX: '0' });
    expect(limits).toEqual({ ...DEFAULT_LIMITS, messagesBurst: 0, connectionsMax: 0 });
  });

  test('--pretty and --no-pretty are what they say, whatever stdout is', async () => {
    expect((await printedConfig(['--pretty'])).pretty).toBe(true);
    expect((await printedConfig(['--no-pretty'])).pretty).toBe(false);
  });
});
