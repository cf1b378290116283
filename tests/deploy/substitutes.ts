import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Machine, until } from './machine.js';
import type { Registry } from './registry.js';

export const NAME = 'rt.deploy.test';
export const MAIL = 'oncall@deploy.test';
/** Where mail ends, in the machine. */
export const INBOX = '/var/lib/stand-ins/inbox';
const FOLDER = '/var/lib/stand-ins';

/** What cannot be had on one machine without the Internet, and what is there instead. */
interface Substitute {
  of: string;
  by: string;
  /** Before the page's first command. */
  prepare?(machine: Machine, registry: Registry): Promise<void>;
  /** Before this command of the page, once. */
  before?: { command: string; run(machine: Machine): Promise<void> };
  /** Texts of the page, and what is run in their place. Each has to be there. */
  rewrites?: Readonly<Record<string, string>>;
}

export const SUBSTITUTES: readonly Substitute[] = [
  {
    of: 'a name with its DNS record, and the addresses of whoever follows the page',
    by: `${NAME} in /etc/hosts, and other addresses: a place where the page forgets to use its variables fails`,
    rewrites: { 'NAME=rt.example.com MAIL=ops@example.com': `NAME=${NAME} MAIL=${MAIL}` },
    prepare: async (machine) => machine.append('/etc/hosts', `127.0.0.1 localhost ${NAME} smtp.example.com\n`),
  },
  {
    of: 'the packages of this repository in the npm registry',
    by: 'a registry on this machine that has them, packed as they would be published, and asks the real one for all others',
    async prepare(machine, registry) {
      machine.environment.npm_config_registry = await registry.listen((port) => machine.outside(port));
      machine.environment.npm_config_replace_registry_host = 'always';
    },
  },
  {
    of: "Let's Encrypt",
    by: "Pebble, its own server for tests, which is in Debian: certbot's whole way, with the challenge asked for on port 80 of the name",
    async prepare(machine) {
      await machine.must(
        'apt-get update && apt-get install --yes --no-install-recommends pebble python3-aiosmtpd openssl ca-certificates',
      );
      await machine.must(AUTHORITY);
      machine.write(`${FOLDER}/pebble.json`, JSON.stringify({ pebble: PEBBLE }));
      await machine.must(
        `systemd-run --unit=pebble --setenv=PEBBLE_VA_NOSLEEP=1 --setenv=PEBBLE_WFE_NONCEREJECT=0 pebble -config ${FOLDER}/pebble.json`,
      );
      // Whoever trusts Let's Encrypt has its root: here the machine is given this one.
      await until(30, 'Pebble', async () => (await machine.run(PEBBLE_ROOT)).code === 0);
      await machine.must('update-ca-certificates');
      machine.environment.NODE_EXTRA_CA_CERTS = '/etc/ssl/certs/ca-certificates.crt';
    },
    before: {
      command: 'certbot certonly',
      run: async (machine) => machine.append('/etc/letsencrypt/cli.ini', 'server = https://localhost:14000/dir\n'),
    },
  },
  {
    of: 'a mail account',
    by: 'a server on the loopback of the machine that takes mail over STARTTLS with the page’s user and password',
    async prepare(machine) {
      machine.write(`${FOLDER}/mail.py`, readFileSync(fileURLToPath(new URL('./mail.py', import.meta.url)), 'utf8'));
      const args = `${FOLDER}/localhost.pem ${FOLDER}/localhost.key ops@example.com secret ${INBOX}`;
      await machine.must(`systemd-run --unit=mail python3 ${FOLDER}/mail.py ${args}`);
    },
  },
  {
    of: 'Grafana, whose packages cannot be had from Debian',
    by: 'nothing: its folders are made, its files are put there and checked, and no Grafana reads them',
    rewrites: {
      'curl --fail --silent --show-error --output /etc/apt/keyrings/grafana.asc https://apt.grafana.com/gpg.key\n': '',
      "echo 'deb [signed-by=/etc/apt/keyrings/grafana.asc] https://apt.grafana.com stable main' > /etc/apt/sources.list.d/grafana.list\n":
        '',
      'apt-get install --yes grafana\n': 'mkdir --parents /etc/grafana/provisioning/{datasources,dashboards}\n',
      'systemctl enable grafana-server\n': '',
      'systemctl restart grafana-server\n': '',
    },
  },
];

/** A certificate authority that the machine trusts, and by it a certificate for the servers that stand in for others. */
const AUTHORITY = `mkdir --parents ${FOLDER} && cd ${FOLDER}
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=stand-ins -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.pem
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost,DNS:smtp.example.com \
  -addext basicConstraints=critical,CA:FALSE -CA ca.pem -CAkey ca.key -keyout localhost.key -out localhost.pem
cp ca.pem /usr/local/share/ca-certificates/stand-ins.crt && update-ca-certificates`;

const PEBBLE_ROOT = `python3 -c 'import urllib.request as u; print(u.urlopen("https://localhost:15000/roots/0").read().decode())' \
  > /usr/local/share/ca-certificates/pebble.crt`;

const PEBBLE = {
  listenAddress: '127.0.0.1:14000',
  managementListenAddress: '127.0.0.1:15000',
  certificate: `${FOLDER}/localhost.pem`,
  privateKey: `${FOLDER}/localhost.key`,
  httpPort: 80,
  tlsPort: 443,
  // 90 days, as those of Let's Encrypt.
  certificateValidityPeriod: 7_776_000,
};
