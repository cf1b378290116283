import { networkInterfaces } from 'node:os';
import { type Environment, run, serve } from 'gateway-cli';
import { expect, test } from 'vitest';
import { exposureWarning } from '../src/exposure.js';
import { MemoryIo } from './memory-io.js';

/** What a server that is started and stopped logs at `warn`. */
async function warningsOf(argv: string[], env: Environment = {}): Promise<unknown[]> {
  const io = new MemoryIo();
  const ended = run(['serve', '--port', '0', ...argv], env, io);
  await io.line('listening');
  io.signals.emit('SIGTERM', 'SIGTERM');
  expect(await ended).toBe(0);
  return io.lines().filter(({ level }) => level === 'warn');
}

const ipv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));

test('a server that all may reach says in one line that it asks for no origin and nobody who they are', async () => {
  expect(await warningsOf([])).toEqual([
    expect.objectContaining({
      msg: 'no authentication, any origin: whoever reaches 0.0.0.0 may join every group and publish; see --allowed-origin and --host; see --jwt-secret-file and --jwks-url, or say --anonymous',
      address: '0.0.0.0',
      port: expect.any(Number),
    }),
  ]);
});

test.each([
  [['--allowed-origin', 'https://app.example'], {}],
  [[], { GW_ALLOWED_ORIGIN: 'https://app.example' }],
] as const)('with origins it says that they bind only browsers: %j %j', async (argv, env) => {
  expect(await warningsOf([...argv], env)).toEqual([
    expect.objectContaining({
      msg: 'no authentication: whoever reaches 0.0.0.0 without a browser may join every group and publish; see --host; see --jwt-secret-file and --jwks-url, or say --anonymous',
    }),
  ]);
});

const LOCAL =
  /^no authentication: whoever reaches \S+ may join every group and publish; see --jwt-secret-file and --jwks-url, or say --anonymous$/;

test.each(['127.0.0.1', '127.3.2.1', 'localhost'])(
  'one that only this machine reaches may stand behind a proxy: %s',
  async (host) => {
    expect(await warningsOf(['--host', host])).toEqual([expect.objectContaining({ msg: expect.stringMatching(LOCAL) })]);
  },
);

test.each([
  [['--anonymous'], {}],
  [['--anonymous', '--host', '127.0.0.1'], {}],
  [[], { GW_ANONYMOUS: '1' }],
] as const)('nothing is said where it is meant: %j %j', async (argv, env) => {
  expect(await warningsOf([...argv], env)).toEqual([]);
});

test('a flag takes back what the variable says', async () => {
  expect(await warningsOf(['--no-anonymous'], { GW_ANONYMOUS: 'true' })).toHaveLength(1);
});

// A machine without IPv6 has no such addresses to listen on.
test.skipIf(!ipv6)('it is the same with IPv6', async () => {
  for (const host of ['::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::'])
    expect(await warningsOf(['--host', host])).toHaveLength(1);
});

test.each(['0.0.0.0', '::', '10.0.0.127', '128.0.0.1', '2001:db8::1', '::1:0:0:1', 'fe80::1'])('%s is no loopback', (address) => {
  expect(exposureWarning(address, { anonymous: false })).toContain(`any origin: whoever reaches ${address}`);
});

test('a running server tells the address that it listens on, where a name was given too', async () => {
  const server = await serve({ port: 0, host: 'localhost' });
  try {
    expect(['127.0.0.1', '::1']).toContain(server.address);
  } finally {
    await server.close();
  }
});
