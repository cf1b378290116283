import { createServer } from 'node:net';
import { createGateway } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { runCli } from './memory-io.js';

/** Ends with code 2 after one line on stderr, with nothing on stdout. @returns the line. */
async function refusal(argv: string[], env: Record<string, string> = {}): Promise<string> {
  const { code, out, err } = await runCli(argv, env);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/^gateway-cli: [^\n]+\n$/);
  return err.slice('gateway-cli: '.length, -1);
}

/** What `createGateway` says to a list of origins; `undefined` where it takes it. */
function refusalOfCore(allowedOrigins: string[]): string | undefined {
  try {
    void createGateway({ allowedOrigins }).close();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

test.each([
  'https://app.example',
  'https://*.example.com',
  'http://localhost:3000',
  'capacitor://localhost',
  'ionic://localhost',
  'tauri://localhost',
  'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
  'null',
  'https://app.example/',
  'https://*',
  'any',
])('--allowed-origin takes %s where the gateway does, and only there', async (origin) => {
  const { code, out } = await runCli(['serve', '--print-config', '--allowed-origin', origin]);
  const takes = refusalOfCore([origin]) === undefined;
  expect({ code, origins: takes ? JSON.parse(out).allowedOrigins : out }).toEqual(
    takes ? { code: 0, origins: [origin] } : { code: 2, origins: '' },
  );
});

describe('one line on stderr and exit code 2', () => {
  test.each(['4100abc', '1e3', '0x10', '-1', '+1', '4100.0', ' 4100', '65536', '99999999999999999999', '', '١'])(
    'for the port %j, by flag and, where not empty, by variable',
    async (port) => {
      const problem = `takes an integer from 0 to 65535, not ${JSON.stringify(port)}`;
      expect(await refusal(['serve', '--port', port])).toBe(`--port ${problem}`);
      if (port !== '') expect(await refusal(['serve'], { GW_PORT: port })).toBe(`GW_PORT ${problem}`);
    },
  );

  test('for a flag that there is not, without its value', async () => {
    const line = await refusal(['serve', "--redis_url=redis://bob:it's PASSWORD@h"]);
    expect(line).toBe("unknown option '--redis_url'; see gateway-cli serve --help");
  });

  test.each([
    ['serve --redis-url', 'redis://bob:PASSWORD@', 'redis://bob:***@'],
    ['serve --redis-url', 'redis://:PASSWORD@127.0.0.1:99999', 'redis://:***@127.0.0.1:99999'],
    ['serve --redis-url', 'redis://bob:PASS#WORD@127.0.0.1', 'redis://bob:***@127.0.0.1'],
    ['serve --redis-url', 'http://bob:PASS@W/ORD?@h:1', 'http://bob:***@h:1'],
    ['serve --redis-url', 'redis://bob:PASSWORD', 'redis://bob:***'],
    ['serve --redis-url', 'redis://bob:PASS%WORD@h', 'redis://bob:***@h'],
    ['serve --redis-url', 'http://bob:PASSWORD@h', 'http://bob:***@h'],
    ['serve --redis-url', `redis://bob:${'PASSWORD'.repeat(20)}@h:x`, 'redis://bob:***@h:x'],
    [
      'serve --redis-url',
      'redis+sentinel://bob:PASSWORD@h:1,i:2/name?sentinelPassword=PASSWORD',
      'redis+sentinel://bob:***@h:1,i:2/name?***',
    ],
    ['serve --redis-url', 'redis+sentinel://h:1,i:2', 'redis+sentinel://h:1,i:2'],
    ['serve --redis-url', 'redis+sentinel://h:1/na%zzme', 'redis+sentinel://h:1/na%zzme'],
    ['serve --redis-url', 'redis://[::1:6379', 'redis://[::1:6379'],
    ['serve --jwks-url', 'ftp://bob:PASSWORD@h/jwks?key=PASSWORD', 'ftp://bob:***@h/jwks?***'],
    ['connect', 'ws://bob:PASSWORD@h/rt', 'ws://bob:***@h/rt'],
    ['top', 'ws://bob:PASSWORD@h/rt', 'ws://bob:***@h/rt'],
    ['bench', 'ftp://bob:PASSWORD@h/rt', 'ftp://bob:***@h/rt'],
  ])('%s with %s, without what is secret in it', async (command, url, shown) => {
    const line = await refusal([...command.split(' '), url]);
    expect(line.slice(line.lastIndexOf('not '))).toBe(`not ${JSON.stringify(shown)}`);
  });

  test.each([
    ['--host', 'GW_HOST', 'a b', 'a host name or an IP address'],
    ['--path', 'GW_PATH', 'rt', 'a path that begins with / and has no query'],
    ['--path', 'GW_PATH', '/rt?x', 'a path that begins with / and has no query'],
    ['--trust-proxy-hops', 'GW_TRUST_PROXY_HOPS', 'yes', 'an integer from 0'],
    ['--trust-proxy-header', 'GW_TRUST_PROXY_HEADER', 'x-real-ip', 'one of auto, x-forwarded-for, forwarded'],
    ['--workers', 'GW_WORKERS', 'two', 'an integer from 0 to 256'],
    ['--workers', 'GW_WORKERS', '-1', 'an integer from 0 to 256'],
    ['--workers', 'GW_WORKERS', '257', 'an integer from 0 to 256'],
    ['--heartbeat-interval-ms', 'GW_HEARTBEAT_INTERVAL_MS', '10s', 'an integer from 0'],
    ['--message-bytes-max', 'GW_MESSAGE_BYTES_MAX', '256k', 'an integer from 0'],
    ['--log-bytes-total-max', 'GW_LOG_BYTES_TOTAL_MAX', '9007199254740992', 'an integer from 0'],
  ])('for %s and %s %j', async (flag, variable, value, takes) => {
    expect(await refusal(['serve', flag, value])).toBe(`${flag} takes ${takes}, not ${JSON.stringify(value)}`);
    expect(await refusal(['serve'], { [variable]: value })).toBe(`${variable} takes ${takes}, not ${JSON.stringify(value)}`);
  });

  test.each(['loud', '', '25', 'debug,info', 'toString'])('for the log level %j by flag', async (level) => {
    const takes = 'one of debug, info, warn, error, silent';
    expect(await refusal(['serve', '--log-level', level])).toBe(`--log-level takes ${takes}, not ${JSON.stringify(level)}`);
  });

  test.each([['https://a.example/'], ['https://a.example', ''], ['*'], ['a.example'], ['https://a.example', 'file'], ['']])(
    'for origins that the gateway does not take, in its own words: %j %j',
    async (...allowedOrigins) => {
      const flag = '--allowed-origin (GW_ALLOWED_ORIGIN)';
      const problem = refusalOfCore(allowedOrigins)?.replace('allowedOrigins: ', '').replaceAll('allowedOrigins', flag);
      const words = problem?.startsWith('must') ? `${flag} ${problem}` : `${flag}: ${problem}`;
      const typed = allowedOrigins.join(', ');
      for (const command of [['serve'], ['serve', '--print-config']]) {
        expect(await refusal([...command, '--allowed-origin', typed])).toBe(words);
        if (typed !== '') expect(await refusal(command, { GW_ALLOWED_ORIGIN: typed })).toBe(words);
      }
    },
  );

  test('for a value of many lines and characters, of which the line shows the beginning', async () => {
    const line = await refusal(['serve', '--log-level', `a\nb${'c'.repeat(1000)}`]);
    expect(line).toMatch(/not "a\\nbc{77}…"$/);
  });

  test.each([
    ['--redis-url', 'GW_REDIS_URL', 'redis://user:se/cret@host', 'redis://user:***@host'],
    ['--redis-url', 'GW_REDIS_URL', 'redis://user:a?secret@host', 'redis://user:***@host'],
    ['--redis-url', 'GW_REDIS_URL', 'redis://:#secret@host:6379/0', 'redis://:***@host:6379/0'],
    ['--redis-url', 'GW_REDIS_URL', 'redis+sentinel://user:secret@host', 'redis+sentinel://user:***@host'],
    ['--redis-url', 'GW_REDIS_URL', 'redis+sentinel://user:p@secret@host/name', 'redis+sentinel://user:***@host/name'],
    ['--redis-url', 'GW_REDIS_URL', 'http://user:sec\nret@host', 'http://user:***@host'],
    ['--jwks-url', 'GW_JWKS_URL', 'ftp://me:secret@login.example/', 'ftp://me:***@login.example/'],
    ['--jwks-url', 'GW_JWKS_URL', 'https:/login.example/keys?key=secret', 'https:/login.example/keys?***'],
  ])('for a URL by %s and %s, without what may be secret in it: %j', async (flag, variable, value, shown) => {
    for (const line of [await refusal(['serve', flag, value]), await refusal(['serve'], { [variable]: value })]) {
      expect(line).toMatch(/ takes a URL like /);
      expect(line.endsWith(`, not ${JSON.stringify(shown)}`), line).toBe(true);
    }
  });

  test.each([['serve'], ['serve', '--print-config']])(
    'for options that contradict each other, in the words of the flags: %s %s',
    async (...argv) => {
      const timeout = await refusal(argv, { GW_HEARTBEAT_TIMEOUT_MS: '10000' });
      expect(timeout).toBe(
        '--heartbeat-timeout-ms (GW_HEARTBEAT_TIMEOUT_MS) must be more than --heartbeat-interval-ms (GW_HEARTBEAT_INTERVAL_MS)',
      );
      const burst = await refusal([...argv, '--bytes-burst', '1000']);
      expect(burst).toBe(
        '--bytes-burst (GW_BYTES_BURST) must be at least --message-bytes-max (GW_MESSAGE_BYTES_MAX), or 0 (off)',
      );
      const sweep = await refusal([...argv, '--sweep-interval-ms', '0']);
      expect(sweep).toMatch(/^--sweep-interval-ms \(GW_SWEEP_INTERVAL_MS\) must be an integer from 1 to \d+$/);
    },
  );

  test.each([
    [['serve', '--prot', '1'], "unknown option '--prot' (Did you mean --port?); see gateway-cli serve --help"],
    [['serve', '--port'], "option '--port <n>' argument missing; see gateway-cli serve --help"],
    [['serve', 'now'], /^too many arguments for 'serve'.*[^.]; see gateway-cli serve --help$/],
    [['sevre'], "unknown command 'sevre' (Did you mean serve?); see gateway-cli --help"],
    [[], 'a command is missing; see gateway-cli --help'],
  ])('for %j', async (argv, line) => {
    const said = await refusal(argv);
    if (typeof line === 'string') expect(said).toBe(line);
    else expect(said).toMatch(line);
  });

  test('for a playground of several processes, which would show one of them', async () => {
    const line = '--playground (GW_PLAYGROUND) shows what one process does: leave it out, or --workers (GW_WORKERS)';
    expect(await refusal(['serve', '--workers', '2', '--playground'])).toBe(line);
    expect(await refusal(['serve', '--print-config'], { GW_WORKERS: '1', GW_PLAYGROUND: '1' })).toBe(line);
  });

  test('for a Redis beside workers, who share what is theirs already', async () => {
    const line = '--redis-url (GW_REDIS_URL) is for one process each: leave it out, or --workers (GW_WORKERS)';
    expect(await refusal(['serve', '--workers', '2'], { GW_REDIS_URL: 'redis://127.0.0.1' })).toBe(line);
  });

  test('for options that the gateway of a worker would not take, before any is started', async () => {
    const line = await refusal(['serve', '--workers', '2', '--heartbeat-timeout-ms', '1']);
    expect(line).toMatch(/^--heartbeat-timeout-ms \(GW_HEARTBEAT_TIMEOUT_MS\) must be more than/);
  });

  test('for a port in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    try {
      const line = await refusal(['serve', '--host', '127.0.0.1', '--port', String(port)]);
      expect(line).toBe(`--port (GW_PORT) takes a free port, or 0 for any: ${port} on "127.0.0.1" is in use`);
    } finally {
      other.close();
    }
  });

  test('for a host that is not an address of this machine', async () => {
    // TEST-NET-1 (RFC 5737) is nobody's.
    const line = await refusal(['serve', '--host', '192.0.2.1', '--port', '0']);
    expect(line).toBe('--host (GW_HOST) takes an address of this machine, not "192.0.2.1"');
  });
});
