import { createServer } from 'node:net';
import { run } from 'gateway-cli';
import { DEFAULT_LIMITS, DEFAULT_TIMINGS } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { CONNECTION_SETTINGS, LOAD_SETTINGS } from '../src/bench/options.js';
import { LIMIT_SETTINGS, SERVER_SETTINGS, TIMING_SETTINGS } from '../src/settings.js';
import { MemoryIo, printedConfig, runCli } from './memory-io.js';

/** What a Service sets in every pod of its namespace: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables */
function serviceLinks(service: string, address: string, port: number, protocol = 'tcp'): Record<string, string> {
  const name = service.toUpperCase().replaceAll('-', '_');
  const host = address.includes(':') ? `[${address}]` : address;
  const link = `${name}_PORT_${port}_${protocol.toUpperCase()}`;
  return {
    [`${name}_SERVICE_HOST`]: address,
    [`${name}_SERVICE_PORT`]: String(port),
    [`${name}_SERVICE_PORT_WS`]: String(port),
    [`${name}_PORT`]: `${protocol}://${host}:${port}`,
    [link]: `${protocol}://${host}:${port}`,
    [`${link}_PROTO`]: protocol,
    [`${link}_PORT`]: String(port),
    [`${link}_ADDR`]: address,
  };
}

const GW = serviceLinks('gw', '10.43.12.7', 4100);
const ADVICE =
  'GW_PORT=tcp://10.43.12.7:4100 was set for a Service named "gw" and is passed over: --port is 4100, its default. ' +
  'Set enableServiceLinks: false in the pod, name the Service otherwise, or set GW_PORT yourself';

async function portIsTaken(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
    return false;
  } catch {
    return true;
  } finally {
    server.close();
  }
}

describe('the variables of a Kubernetes Service', () => {
  test.each([
    ['tcp', '10.43.12.7', 4100],
    ['tcp', 'fd00:10:96::7', 80],
    ['udp', '10.43.12.7', 4100],
    ['sctp', '10.43.12.7', 65535],
  ])('named gw leave the port at its default, with one line that says why: %s %s %d', async (protocol, address, port) => {
    const env = serviceLinks('gw', address, port, protocol);
    const { code, out, err } = await runCli(['serve', '--print-config'], env);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(await printedConfig([]));
    expect(err).toBe(`gateway-cli: ${ADVICE.replace('tcp://10.43.12.7:4100', env.GW_PORT as string)}\n`);
  });

  test('named gw do not stop a start, which warns', async ({ skip }) => {
    skip(await portIsTaken(4100), 'somebody else has the default port');
    const io = new MemoryIo();
    const ended = run(['serve', '--host', '127.0.0.1', '--anonymous'], GW, io);
    expect(await io.line('listening')).toMatchObject({ port: 4100 });
    io.signals.emit('SIGTERM', 'SIGTERM');
    expect(await ended).toBe(0);
    expect(io.lines().filter(({ level }) => level === 'warn')).toEqual([expect.objectContaining({ msg: ADVICE })]);
    expect(io.err).toBe('');
  });

  test('named gw say nothing where the port is given by a flag', async () => {
    const { code, out, err } = await runCli(['serve', '--print-config', '--port', '8080'], GW);
    expect({ code, port: JSON.parse(out).port, err }).toEqual({ code: 0, port: 8080, err: '' });
  });

  test.each([
    'gw',
    'gw-service',
    'gw-path',
    'gw-host',
    'gw-port',
    'gw-bench',
    'gw-connections',
    'gw-messages-per-second',
    'log',
    'log-level',
  ])('named %s set no setting but GW_PORT', (service) => {
    const tables = [SERVER_SETTINGS, TIMING_SETTINGS, LIMIT_SETTINGS, LOAD_SETTINGS, CONNECTION_SETTINGS];
    const ours = tables.flatMap((table) => Object.values(table).map(({ variable }) => variable));
    expect(ours.length).toBeGreaterThan(Object.keys({ ...DEFAULT_LIMITS, ...DEFAULT_TIMINGS }).length);
    const set = Object.keys(serviceLinks(service, '10.43.12.7', 4100)).filter((name) => ours.includes(name));
    expect(set).toEqual(service === 'gw' ? ['GW_PORT'] : []);
  });

  test.each(['tcp://10.43.12.7', 'http://10.43.12.7:4100', 'tcp://10.43.12.7:ws', '10.43.12.7:4100', 'tcp:4100'])(
    'are not %s, which stays an error',
    async (port) => {
      const { code, out, err } = await runCli(['serve', '--print-config'], { GW_PORT: port });
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toBe(`gateway-cli: GW_PORT takes an integer from 0 to 65535, not ${JSON.stringify(port)}\n`);
    },
  );

  test('do not disturb the other commands', async () => {
    expect(await runCli(['--help'], GW)).toMatchObject({ code: 0, err: '' });
    expect(await runCli(['serve', '--help'], GW)).toMatchObject({ code: 0, err: '' });
  });
});

describe('LOG_LEVEL', () => {
  const LEVELS: Readonly<Record<string, readonly string[]>> = {
    debug: ['debug', 'DEBUG', 'Debug', ' debug ', 'trace', 'TRACE', 'verbose', 'silly', 'all', '10', '20'],
    info: ['info', 'INFO', 'information', 'notice', 'http', 'log', '30'],
    warn: ['warn', 'WARN', 'warning', 'Warning', '40'],
    error: ['error', 'ERROR', 'err', 'fatal', 'FATAL', 'critical', 'crit', 'alert', 'emerg', 'severe', '50', '60'],
    silent: ['silent', 'SILENT', 'off', 'OFF', 'none', 'quiet'],
  };
  const named = Object.entries(LEVELS).flatMap(([level, names]) => names.map((name) => [name, level] as const));

  test.each(named)('%j is %s, by variable and by flag', async (name, level) => {
    for (const [argv, env] of [
      [[], { LOG_LEVEL: name }],
      [['--log-level', name], {}],
    ] as const) {
      const { code, out, err } = await runCli(['serve', '--print-config', ...argv], env);
      expect({ code, err, level: JSON.parse(out).logLevel }).toEqual({ code: 0, err: '', level });
    }
  });

  test.each(['loud', '25', '0', '-1', 'debug,info', 'gateway=debug', '*', 'true', 'constructor', '\n', 'x'.repeat(1000)])(
    '%j, which is no level, is warned of and leaves the default',
    async (text) => {
      const io = new MemoryIo();
      const ended = run(['serve', '--port', '0', '--host', '127.0.0.1', '--anonymous'], { LOG_LEVEL: text }, io);
      await io.line('listening');
      io.signals.emit('SIGTERM', 'SIGTERM');
      expect(await ended).toBe(0);
      const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
      const msg = `LOG_LEVEL takes one of debug, info, warn, error, silent, not ${shown}: --log-level is info, its default`;
      expect(io.lines().filter(({ level }) => level === 'warn')).toEqual([expect.objectContaining({ msg })]);
      const { code, out, err } = await runCli(['serve', '--print-config'], { LOG_LEVEL: text });
      expect({ code, err, level: JSON.parse(out).logLevel }).toEqual({ code: 0, err: `gateway-cli: ${msg}\n`, level: 'info' });
    },
  );

  test('that is no level says nothing where the flag gives one', async () => {
    const { err } = await runCli(['serve', '--print-config', '--log-level', 'WARNING'], { LOG_LEVEL: 'loud' });
    expect(err).toBe('');
  });

  test('of silent logs nothing, not even why a variable is passed over', async () => {
    const io = new MemoryIo();
    const ended = run(['serve', '--port', '0'], { LOG_LEVEL: 'silent' }, io);
    io.signals.emit('SIGHUP', 'SIGHUP');
    io.signals.emit('SIGTERM', 'SIGTERM');
    io.signals.emit('SIGUSR2', 'SIGUSR2');
    expect(await ended).toBe(0);
    expect(io.out).toBe('');
  });
});
