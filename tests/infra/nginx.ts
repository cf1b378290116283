import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const shipped = (path: string) => fileURLToPath(new URL(`../../infra/nginx/${path}`, import.meta.url));

/** Debian keeps it where a user's PATH may not look. */
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };

export const hasNginx = spawnSync('nginx', ['-v'], { env }).error === undefined;

export interface RunningNginx {
  /** What it serves certbot's files from, among others. */
  folder: string;
  plainPort: number;
  tlsPort: number;
  /** The certificate to trust, PEM. */
  ca: Buffer;
  /** Ends it, and says what it logged. Later calls get the same. */
  stop(): Promise<{ access: Record<string, string>[] }>;
}

/** What a shipped configuration has that belongs to the machine, and what is there in a test. */
interface Configuration {
  text: string;
  replacements: Record<string, string>;
}

/** The proxy of the Compose file. @param nameServerPort of a name server on the loopback that is asked for the addresses of `gateway`. */
const compose = (folder: string, gatewayPort: number, nameServerPort?: number): Configuration => ({
  text: readFileSync(shipped('nginx.conf'), 'utf8'),
  replacements: {
    '/etc/nginx/certs/fullchain.pem': join(folder, 'fullchain.pem'),
    '/etc/nginx/certs/privkey.pem': join(folder, 'privkey.pem'),
    'set $gateway gateway:8080;': `set $gateway ${nameServerPort === undefined ? '127.0.0.1' : 'gateway'}:${gatewayPort};`,
    ...(nameServerPort !== undefined && { 'resolver 127.0.0.11 ': `resolver 127.0.0.1:${nameServerPort} ` }),
  },
});

/** The proxy of a server of one's own: both files, as nginx reads them. */
const vps = (folder: string, gatewayPort: number): Configuration => ({
  text: readFileSync(shipped('vps.conf'), 'utf8').replace('include /etc/nginx/conf.d/*.conf;', () =>
    readFileSync(shipped('vps-tls.conf'), 'utf8'),
  ),
  replacements: {
    'user www-data;': '',
    '  listen [::]:80;': '',
    '  listen [::]:443 ssl;': '',
    'root /var/www/html;': `root ${folder};`,
    '/etc/letsencrypt/live/rt.example.com/fullchain.pem': join(folder, 'fullchain.pem'),
    '/etc/letsencrypt/live/rt.example.com/privkey.pem': join(folder, 'privkey.pem'),
    'set $gateway 127.0.0.1:4100;': `set $gateway 127.0.0.1:${gatewayPort};`,
  },
});

/**
 * Runs the real nginx with a shipped configuration and a certificate from the shipped script. Replaced is only what belongs to the
 * machine: where the gateway is, ports, and the folders of logs, certificates and temporary files.
 * @param nameServerPort of a name server on the loopback that is asked for the addresses of `gateway`. Default: it is at 127.0.0.1.
 */
export const startNginx = (gatewayPort: number, nameServerPort?: number): Promise<RunningNginx> =>
  start((folder) => compose(folder, gatewayPort, nameServerPort));

/** The same with the configuration for a server of one's own. */
export const startVpsNginx = (gatewayPort: number): Promise<RunningNginx> => start((folder) => vps(folder, gatewayPort));

async function start(configure: (folder: string) => Configuration): Promise<RunningNginx> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-nginx-'));
  // Started as root, its workers run as somebody else.
  chmodSync(folder, 0o755);
  execFileSync(shipped('make-certs.sh'), ['--out', folder], { stdio: 'pipe' });
  const [plainPort, tlsPort] = await twoFreePorts();
  const file = join(folder, 'nginx.conf');
  const { text, replacements } = configure(folder);
  const configuration = replaceEach(text, {
    'pid /run/nginx.pid;': `pid ${folder}/nginx.pid;`,
    // More words than shipped: one of them says that it is ready.
    'error_log /var/log/nginx/error.log warn;': 'error_log stderr notice;',
    'access_log /var/log/nginx/access.log json;': `access_log ${folder}/access.log json;`,
    'http {': `http { ${TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}`,
    'listen 80;': `listen 127.0.0.1:${plainPort};`,
    'listen 443 ssl;': `listen 127.0.0.1:${tlsPort} ssl;`,
    ...replacements,
  });
  writeFileSync(file, configuration);

  const nginx = spawn('nginx', ['-c', file, '-g', 'daemon off;'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const end = () => nginx.kill('SIGTERM');
  process.once('exit', end);
  nginx.once('exit', () => process.off('exit', end));
  const said: string[] = [];
  const lines = createInterface(nginx.stderr);
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      said.push(line);
      if (line.includes('start worker process')) resolve();
    });
    nginx.once('error', reject);
    nginx.once('exit', (code) => reject(new Error(`nginx ended with code ${code}\n${said.join('\n')}`)));
  });

  const stop = async () => {
    const exit = once(nginx, 'exit');
    nginx.kill('SIGQUIT');
    await exit;
    const access = readFileSync(join(folder, 'access.log'), 'utf8').trimEnd().split('\n');
    rmSync(folder, { recursive: true });
    return { access: access.filter((line) => line !== '').map((line) => JSON.parse(line)) };
  };
  let stopped: ReturnType<typeof stop> | undefined;
  return {
    folder,
    plainPort,
    tlsPort,
    ca: readFileSync(join(folder, 'fullchain.pem')),
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** Each text must be there once, or the shipped file is no longer the one that is tested. */
function replaceEach(text: string, replacements: Record<string, string>): string {
  return Object.entries(replacements).reduce((current, [from, to]) => {
    const parts = current.split(from);
    if (parts.length !== 2) throw new Error(`the configuration has ${JSON.stringify(from)} ${parts.length - 1} times, not once`);
    return parts.join(to);
  }, text);
}

/** Ports that were free a moment ago; both are held until both are known, so they differ. */
async function twoFreePorts(): Promise<[number, number]> {
  const hold = async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  const held = [await hold(), await hold()] as const;
  const ports = held.map((server) => (server.address() as AddressInfo).port) as [number, number];
  for (const server of held) await once(server.close(), 'close');
  return ports;
}
