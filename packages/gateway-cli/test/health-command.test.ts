import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { runCli } from './memory-io.js';

const ROOT = new URL('../../../', import.meta.url);
const ipv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));
const BIN = `await import(${JSON.stringify(new URL('packages/gateway-cli/dist/esm/bin.js', ROOT).href)});`;

describe('without flags, the gateway that runs here', () => {
  let folder: string;
  const children: { process: ChildProcess; exit: Promise<unknown> }[] = [];

  beforeEach(({ skip }) => skip(!existsSync('/proc/self/ns/net'), 'there is no /proc, so processes are not looked for'));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gateway-health-'));
    // A program of its own for each test: gateways of other tests run beside it.
    program(BIN);
  });
  afterEach(async () => {
    for (const { process, exit } of children.splice(0)) {
      process.kill('SIGKILL');
      await exit;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const program = (source: string) => writeFileSync(join(folder, 'program.mjs'), source);

  /** In the folder of the program, as the image does it. */
  function start(
    argv: string[],
    env: Record<string, string> = {},
    script = 'program.mjs',
    nodeFlags: string[] = [],
  ): ChildProcess {
    const child = spawn(process.execPath, [...nodeFlags, script, ...argv], {
      cwd: folder,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push({ process: child, exit: once(child, 'exit') });
    return child;
  }

  /** Starts a gateway and waits until it listens. */
  async function startGateway(argv: string[], ...more: [env?: Record<string, string>, script?: string, nodeFlags?: string[]]) {
    const child = start(['serve', '--no-pretty', ...argv], ...more);
    for await (const line of createInterface(child.stdout as NodeJS.ReadableStream)) {
      const { msg, url, healthUrl, port } = JSON.parse(line);
      if (String(msg).startsWith('listening'))
        return { child, url: String(url), healthUrl: String(healthUrl), port: Number(port) };
    }
    throw new Error('it did not start');
  }

  /** The variables say something else than what is in force: another port, where nobody answers. */
  async function health(
    argv: string[] = [],
    env: Record<string, string> = { GW_PORT: '1', GW_HOST: '127.0.0.1' },
    script?: string,
  ) {
    const child = start(['health', ...argv], env, script);
    const exit = once(child, 'exit');
    const [out, err] = await Promise.all([text(child.stdout as never), text(child.stderr as never)]);
    return { code: (await exit)[0], out, err };
  }

  test.each<[string, string[], Record<string, string>]>([
    ['by flags', ['--port', '0', '--host', '127.0.0.1'], {}],
    ['by variables', [], { GW_PORT: '0', GW_HOST: '127.0.0.1' }],
    ['by a flag where a variable says something else', ['--port', '0'], { GW_PORT: '4100', GW_HOST: '127.0.0.1' }],
    ['on an address of its own', ['--host', '127.0.0.2'], { GW_PORT: '0' }],
    ['on a name', ['--host', 'localhost'], { GW_PORT: '0' }],
    ['on every address', [], { GW_PORT: '0' }],
  ])('is asked where it listens: %s', async (_, argv, env) => {
    const { healthUrl } = await startGateway(argv, env);
    expect(await health()).toEqual({ code: 0, out: `${healthUrl} is healthy\n`, err: '' });
  });

  // A machine without IPv6 has no such address to listen on.
  test.skipIf(!ipv6).each(['::1', '::'])('is asked where it listens: on %s', async (host) => {
    const { healthUrl } = await startGateway(['--port', '0'], { GW_HOST: host });
    expect(await health()).toEqual({ code: 0, out: `${healthUrl} is healthy\n`, err: '' });
  });

  test('is found by whatever name the program was started, and beside a debugger that listens too', async () => {
    symlinkSync('program.mjs', join(folder, 'gateway-cli.mjs'));
    const { healthUrl } = await startGateway(['--port', '0'], {}, join(folder, 'gateway-cli.mjs'), ['--inspect=127.0.0.1:0']);
    expect(await health()).toEqual({ code: 0, out: `${healthUrl} is healthy\n`, err: '' });
  });

  test('is not healthy while it drains', async () => {
    const { child, url, healthUrl } = await startGateway(['--port', '0', '--close-timeout-ms', '600000']);
    const client = new WebSocket(url);
    onTestFinished(() => client.terminate());
    await once(client, 'message');
    // It never answers the close frame, so the drain goes on.
    client.pause();
    const draining = once(createInterface(child.stdout as NodeJS.ReadableStream), 'line');
    child.kill('SIGTERM');
    await draining;
    const { code, out, err } = await health();
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(new RegExp(`^gateway-cli: ${healthUrl} answers 503, "[^\n]+"\n$`));
  });

  test('is not healthy when it does not answer in time', async () => {
    const { child, healthUrl } = await startGateway(['--port', '0']);
    child.kill('SIGSTOP');
    const err = `gateway-cli: ${healthUrl} does not answer within 50 ms\n`;
    expect(await health(['--timeout-ms', '50'])).toEqual({ code: 1, out: '', err });
    expect(await health([], { GW_HEALTH_TIMEOUT_MS: '50' })).toEqual({ code: 1, out: '', err });
  });

  test('is not healthy before it listens', async () => {
    program("console.log('up'); setInterval(() => {}, 60_000);");
    await once(start(['serve']).stdout as NodeJS.ReadableStream, 'data');
    program(BIN);
    expect(await health()).toEqual({ code: 1, out: '', err: 'gateway-cli: the gateway does not listen yet\n' });
  });

  test('has to be named where several run', async () => {
    const [one, two] = [await startGateway(['--port', '0']), await startGateway(['--port', '0'])];
    const { code, err } = await health();
    expect({ code, err }).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^gateway-cli: --port takes the port to ask, [^\n]+\n$/),
    });
    expect(err).toContain(String(one.port));
    expect(err).toContain(String(two.port));
    expect(await health(['--port', String(two.port)])).toMatchObject({ code: 0, out: `${two.healthUrl} is healthy\n` });
  });

  test('is not there: the variables say whom to ask', async () => {
    const gone = await startGateway(['--port', '0']);
    const over = once(gone.child, 'exit');
    gone.child.kill('SIGTERM');
    await over;
    const err = 'gateway-cli: http://127.0.0.1:1/health does not answer (ECONNREFUSED)\n';
    expect(await health()).toEqual({ code: 1, out: '', err });
  });
});

describe('with flags or variables, and no gateway that runs here', () => {
  /** @returns the arguments that name the server. */
  async function serverThat(answers: RequestListener): Promise<string[]> {
    const server = createServer(answers).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return ['--host', '127.0.0.1', '--port', String((server.address() as AddressInfo).port)];
  }

  test('variables and flags name the gateway', async () => {
    const [, host, , port] = await serverThat(({ url }, response) => response.end(JSON.stringify({ ok: url === '/health' })));
    const healthy = { code: 0, out: `http://${host}:${port}/health is healthy\n`, err: '' };
    expect(await runCli(['health'], { GW_HOST: host, GW_PORT: port })).toEqual(healthy);
    expect(await runCli(['health', '--port', String(port)], { GW_HOST: host, GW_PORT: '1' })).toEqual(healthy);
  });

  test.each<[string, RequestListener, RegExp]>([
    ['another status', (_, response) => response.writeHead(503).end('{"ok":true}'), /answers 503$/],
    ['another answer', (_, response) => response.end('{"ok":false,"error":{"message":"a\\nb"}}'), /answers 200, "a\\nb"$/],
    ['null', (_, response) => response.end('null'), /answers 200$/],
    ['text', (_, response) => response.end('fine'), /does not answer as a gateway does$/],
    [
      'an answer without end',
      (_, response) => void response.write(`"${'x'.repeat(1 << 20)}`),
      /does not answer as a gateway does$/,
    ],
    ['half an answer', (_, response) => void response.write('{"ok":'), /does not answer within 200 ms$/],
    ['a cut', ({ socket }) => socket.destroy(), /does not answer \(ECONNRESET\)$/],
  ])('%s is not healthy, in one line', async (_, answers, line) => {
    const { code, out, err } = await runCli(['health', ...(await serverThat(answers)), '--timeout-ms', '200']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^gateway-cli: [^\n]+\n$/);
    expect(err.trimEnd()).toMatch(line);
  });

  test('what is no HTTP at all is not healthy', async () => {
    const server = createTcpServer((socket) => socket.on('error', () => {}).end('SSH-2.0\r\n')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { code, err } = await runCli(['health', '--host', '127.0.0.1', '--port', String(port)]);
    expect(code).toBe(1);
    expect(err).toMatch(/does not answer \(HPE_\w+\)\n$/);
  });

  test.each<[string[], Record<string, string>, string]>([
    [['--port', '0'], {}, '--port (GW_PORT) takes the port that the gateway got, not 0'],
    [[], { GW_PORT: '0' }, '--port (GW_PORT) takes the port that the gateway got, not 0'],
    [['--port', '65536'], {}, '--port takes an integer from 0 to 65535, not "65536"'],
    [[], { GW_HOST: 'a b' }, 'GW_HOST takes a host name or an IP address, not "a b"'],
    [['--timeout-ms', '0'], {}, '--timeout-ms takes an integer from 1 to 600000, not "0"'],
    [[], { GW_HEALTH_TIMEOUT_MS: '3s' }, 'GW_HEALTH_TIMEOUT_MS takes an integer from 1 to 600000, not "3s"'],
    [['--url', 'x'], {}, "unknown option '--url'; see gateway-cli health --help"],
    [['now'], {}, "too many arguments for 'health'. Expected 0 arguments but got 1; see gateway-cli health --help"],
  ])('%j %j: one line and exit code 2', async (argv, env, line) => {
    expect(await runCli(['health', ...argv], env)).toEqual({ code: 2, out: '', err: `gateway-cli: ${line}\n` });
  });
});
