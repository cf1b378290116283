import {
  appendFileSync,
  chownSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { WireClient } from '../infra/wire-client.js';
import { BUN } from '../runtimes/binaries.js';
import { User } from '../scale-out/user.js';
import { compose, docker, inspect, run, stack, until } from './engine.js';

const IMAGE = 'gateway-strategy-gateway';
const GATEWAY = 'gateway-strategy-gateway-1';
const NGINX = 'gateway-strategy-nginx-1';
const CERTS = join(stack, 'infra/nginx/certs');

process.env.LOG_LEVEL = 'debug';
afterAll(() => compose('down', '--timeout', '1'));

/** One over ws and one over wss, in a group of their own. */
async function clients(groupId: string, headers = {}): Promise<WireClient[]> {
  const ca = readFileSync(join(CERTS, 'fullchain.pem'));
  const both = ['ws://localhost/rt', 'wss://localhost/rt'].map((url) => new WireClient(url, { ca, headers }));
  await Promise.all(both.map((client) => client.join(groupId)));
  return both;
}

const closeCodes = (all: WireClient[]) => Promise.all(all.map(async (client) => (await client.next('closed')).payload.code));

function healthStatus(): Promise<number | undefined> {
  return new Promise((resolve) => {
    request('http://localhost/health', { agent: false }, (response) => resolve(response.resume().statusCode))
      .on('error', () => resolve(undefined))
      .end();
  });
}

/** The serial number of the certificate that a new client is shown. */
function shownCertificate(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: 'localhost', port: 443, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    }).on('error', reject);
  });
}

describe('a first start', () => {
  test.each([
    ['a certificate', 'fullchain.pem', 'privkey.pem'],
    ['a key', 'privkey.pem', 'fullchain.pem'],
  ])('without %s fails at once, and names the file that is missing', async (_, missing, there) => {
    writeFileSync(join(CERTS, there), '');
    onTestFinished(() => rmSync(join(CERTS, there)));
    const { code, output } = await run('docker', ['compose', 'up', '-d', '--no-build']);
    expect(code).not.toBe(0);
    expect(output).toContain(`does not exist: ${join(CERTS, missing)}`);
    expect(await compose('ps', '-q')).toBe('');
    expect(readdirSync(CERTS)).not.toContain(missing);
  });

  test('succeeds with a pair of make-certs.sh, also where the key is another user’s and for nobody else to read', async () => {
    expect((await run(join(stack, 'infra/nginx/make-certs.sh'), [])).code).toBe(0);
    for (const name of ['fullchain.pem', 'privkey.pem']) chownSync(join(CERTS, name), 1000, 1000);
    expect(statSync(join(CERTS, 'privkey.pem')).mode & 0o777).toBe(0o600);
    await compose('up', '-d', '--no-build', '--wait');
    expect(await healthStatus()).toBe(200);
  });
});

describe('a running stack', () => {
  test('has the capabilities that it needs and no others', async () => {
    const bits = async (container: string) => {
      const status = await docker('exec', container, 'cat', '/proc/1/status');
      const [mask = 0n] = ['CapPrm', 'CapEff', 'CapBnd']
        .map((name) => BigInt(`0x${new RegExp(`${name}:\\s*(\\w+)`).exec(status)?.[1]}`))
        .sort()
        .reverse();
      return [...mask.toString(2)].reverse().flatMap((bit, index) => (bit === '1' ? [index] : []));
    };
    // capabilities(7): CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_SETGID, CAP_SETUID.
    expect(await bits(NGINX)).toEqual([0, 1, 6, 7]);
    expect(await bits(GATEWAY)).toEqual([]);
  });

  test('carries messages over ws and wss, and believes no address that a client claims', async () => {
    const both = await clients('talk', { 'x-forwarded-for': '203.0.113.7' });
    both[0]?.send({ type: 'data_update', payload: { data: 'hello' } });
    for (const client of both) expect(await client.next('data_update')).toMatchObject({ seq: 1, payload: { data: 'hello' } });
    await Promise.all(both.map((client) => client.close()));
    let addresses: string[] = [];
    await until(10, async () => {
      const lines = (await docker('logs', GATEWAY)).split('\n').filter((line) => line.startsWith('{'));
      addresses = lines.flatMap((line) => JSON.parse(line).remoteAddress ?? []);
      return addresses.length >= 2;
    });
    expect(addresses).not.toContain('203.0.113.7');
  });

  test('rotates its logs', async () => {
    for (const container of [GATEWAY, NGINX]) {
      expect(JSON.parse(await inspect(container, '{{json .HostConfig.LogConfig}}'))).toEqual({
        Type: 'json-file',
        Config: { 'max-file': '5', 'max-size': '10m' },
      });
    }
  });

  test('takes a renewed certificate and a replaced configuration at a reload, and loses no client', async () => {
    const both = await clients('reload');
    const before = await shownCertificate();
    expect((await run(join(stack, 'infra/nginx/make-certs.sh'), ['--force'])).code).toBe(0);
    // As editors save: another file in the place of the old one.
    const file = join(stack, 'infra/nginx/nginx.conf');
    writeFileSync(`${file}.new`, readFileSync(file, 'utf8').replace('there are only /rt and /health here', 'this one is new'));
    copyFileSync(file, `${file}.old`);
    renameSync(`${file}.new`, file);
    onTestFinished(() => renameSync(`${file}.old`, file));
    await compose('exec', 'nginx', 'nginx', '-s', 'reload');
    await until(10, async () => (await shownCertificate()) !== before);
    expect(await (await fetch('http://localhost/nowhere')).text()).toContain('this one is new');
    both[1]?.send({ type: 'data_update', payload: { data: 'still here' } });
    expect(await both[0]?.next('data_update')).toMatchObject({ payload: { data: 'still here' } });
    await Promise.all(both.map((client) => client.close()));
  });

  test('is back soon after nginx alone was restarted', async () => {
    const both = await clients('restart');
    const began = performance.now();
    const closed = closeCodes(both).then((codes) => ({ codes, seconds: (performance.now() - began) / 1000 }));
    await compose('restart', 'nginx');
    // Nobody but the gateway could tell them, and it goes on.
    const { codes, seconds } = await closed;
    expect(codes).toEqual([1006, 1006]);
    expect(seconds).toBeLessThan(6);
    await until(10, async () => (await healthStatus()) === 200);
    await Promise.all((await clients('restarted')).map((client) => client.close()));
  });

  test('tells its clients 1012 when the gateway is stopped, and needs nothing but its start to be back', async () => {
    const both = await clients('stop');
    const closed = closeCodes(both);
    await compose('stop', 'gateway');
    expect(await closed).toEqual([1012, 1012]);
    expect(await inspect(GATEWAY, '{{.State.ExitCode}}')).toBe('0');
    // Its name has no address, or one that nobody answers at.
    expect([502, 504]).toContain(await healthStatus());
    await compose('up', '-d', '--no-build', '--wait');
    expect(await healthStatus()).toBe(200);
  });

  test('tells its clients 1012 when all of it is stopped, in time that nobody is killed', async () => {
    const both = await clients('stop-all');
    const closed = closeCodes(both);
    await compose('stop');
    expect(await closed).toEqual([1012, 1012]);
    for (const container of [GATEWAY, NGINX]) expect(await inspect(container, '{{.State.ExitCode}}')).toBe('0');
  });

  test('tells its clients 1012 when it is taken down, soon', async () => {
    await compose('up', '-d', '--no-build', '--wait');
    const closed = closeCodes(await clients('down'));
    const began = performance.now();
    await compose('down');
    expect(await closed).toEqual([1012, 1012]);
    expect((performance.now() - began) / 1000).toBeLessThan(10);
  });
});

describe('two gateways on one Redis, with the profile scale-out', () => {
  const GATEWAYS = [GATEWAY, 'gateway-strategy-gateway-2'];
  const flags = ['--profile', 'scale-out'];

  test('share their groups, and a client of one that is killed goes on at the other and has missed nothing', async () => {
    process.env.GW_REDIS_URL = 'redis://redis:6379';
    onTestFinished(async () => {
      delete process.env.GW_REDIS_URL;
      await compose(...flags, 'down', '--volumes', '--timeout', '1');
    });
    await compose(...flags, 'up', '-d', '--no-build', '--wait', '--scale', 'gateway=2');
    const ca = readFileSync(join(CERTS, 'fullchain.pem'));
    class TrustingWebSocket extends WebSocket {
      constructor(url: string, protocols?: string[]) {
        super(url, protocols, { ca });
      }
    }
    const door = { urls: ['wss://localhost/rt'], WebSocket: TrustingWebSocket as typeof WebSocket };
    const users = Array.from({ length: 8 }, (_, n) => new User(`client-${n}`, door, n));
    onTestFinished(() => Promise.all(users.map((user) => user.close())).then(() => {}));
    await Promise.all(users.map((user) => user.ready));
    // Slow enough that the log reaches back over the seconds in which nginx still knows the address of the one that is gone.
    for (const user of users) user.begin(100);
    // Each logs what its own clients have published.
    const accepted = async (gateway: string) => (await docker('logs', gateway)).includes('"message accepted"');
    for (const gateway of GATEWAYS) await until(20, () => accepted(gateway));

    await docker('kill', '--signal', 'KILL', GATEWAY);
    const counts = users.map((user) => user.accepted.length);
    await until(60, async () => users.every((user, index) => user.accepted.length > (counts[index] as number) + 10));
    await Promise.all(users.map((user) => user.quiet()));
    await users[0]?.publish('last');
    await Promise.all(users.map((user) => user.has('last', 30_000)));
    const all = users.flatMap((user) => user.accepted);
    const accounts = users.map((user) => user.account(all));
    expect(accounts.flatMap(({ violations }) => violations)).toEqual([]);
    for (const { told } of accounts) expect(told).toEqual({});
    const dropped = accounts.filter(({ drops }) => drops > 0).length;
    expect(dropped).toBeGreaterThan(0);
    expect(dropped).toBeLessThan(users.length);
  });
});

describe('the health check of the image follows the gateway', () => {
  const start = async (flags: string[], command: string[], image = IMAGE) => {
    const hardened = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--health-interval', '1s'];
    const id = await docker('run', '-d', ...hardened, ...flags, image, ...command);
    onTestFinished(() => docker('rm', '-f', id) as Promise<never>);
    return id;
  };
  const listensOn = async (id: string) => JSON.parse((await docker('logs', id)).split('\n')[0] ?? '').healthUrl;
  const state = (id: string) => inspect(id, '{{.State.Health.Status}}');

  test.each<[string[], string[], RegExp]>([
    [[], [], /127\.0\.0\.1:8080/],
    [['-e', 'GW_PORT=9001'], [], /:9001/],
    [[], ['serve', '--port', '9002'], /:9002/],
    [['-e', 'GW_PORT=9001'], ['serve', '--port', '0'], /127\.0\.0\.1:\d+/],
    [['-e', 'GW_HOST=127.0.0.1', '-w', '/tmp'], [], /127\.0\.0\.1:8080/],
    [['--hostname', 'here', '-e', 'GW_HOST=here'], [], /\/\/(?!127)[\d.]+:8080/],
    [['--user', '4711'], ['serve', '--host', '127.0.0.2'], /127\.0\.0\.2:8080/],
  ])('docker run %j … %j', async (flags, command, url) => {
    const id = await start(flags, command);
    await until(30, async () => (await state(id)) === 'healthy');
    expect(await listensOn(id)).toMatch(url);
    expect(await inspect(id, '{{(index .State.Health.Log 0).Output}}')).toContain(await listensOn(id));
  });

  // Bun's binary does not come for every platform.
  test.skipIf(BUN === undefined)('on Bun too, and SIGTERM drains it', async () => {
    const id = await start([], [], 'gateway-bun');
    await until(30, async () => (await state(id)) === 'healthy');
    expect(await docker('exec', id, 'cat', '/proc/1/cmdline')).toMatch(/^bun\0/);
    await docker('stop', id);
    expect(await inspect(id, '{{.State.ExitCode}}')).toBe('0');
    expect(await docker('logs', id)).toContain('"msg":"stopped"');
  });

  test('and a gateway that hangs is unhealthy', async () => {
    const id = await start(['--health-retries', '1', '-e', 'GW_HEALTH_TIMEOUT_MS=500'], []);
    await until(30, async () => (await state(id)) === 'healthy');
    await docker('kill', '--signal', 'STOP', id);
    await until(30, async () => (await state(id)) === 'unhealthy');
    expect(await inspect(id, '{{(index .State.Health.Log 0).Output}}{{json .State.Health.Log}}')).toContain(
      'does not answer within 500 ms',
    );
  });
});

describe('a build after a change', () => {
  // There is no network here, so what is not in the cache is not to be had.
  const build = async () => {
    const { code, output } = await run('docker', ['compose', 'build']);
    expect(code, output).toBe(0);
    const steps = [...output.matchAll(/^#(\d+) \[gateway [\w-]+ +\d+\/\d+\] (\w+) (.*)$/gm)];
    const cached = new Set([...output.matchAll(/^#(\d+) CACHED$/gm)].map(([, step]) => step));
    return steps.filter(([, step]) => !cached.has(step)).map(([, , name, rest]) => `${name} ${rest}`);
  };

  test('of a README makes nothing anew', async () => {
    for (const path of ['README.md', 'packages/gateway-core/README.md']) appendFileSync(join(stack, path), '\nMore.\n');
    expect((await build()).filter((step) => !step.startsWith('FROM'))).toEqual([]);
  });

  test('of a source line takes no package from the registry', async () => {
    appendFileSync(join(stack, 'packages/gateway-cli/src/bin.ts'), '\n// More.\n');
    const made = await build();
    expect(made).toContainEqual(expect.stringMatching(/^RUN node scripts\/build\.mjs/));
    expect(made.filter((step) => step.includes('install'))).toEqual([]);
  });
});
