import { connect } from 'node:tls';
import { SignJWT } from 'jose';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { tableOf } from '../docs/markdown.js';
import { read } from '../tidy/tree.js';
import { until } from './machine.js';
import { INBOX, MAIL, NAME } from './substitutes.js';
import type { World } from './world.js';

interface Checks {
  /** Before the section's commands. */
  before?(world: World): Promise<void>;
  /** What has to be true after them. */
  claims?: Readonly<Record<string, (world: World) => Promise<void>>>;
}

const PROMETHEUS = 'http://127.0.0.1:9090/api/v1';

/** What a name server, a browser and a reader would see after each section of the page, by its heading. */
export const CHECKS: Readonly<Record<string, Checks>> = {
  Firewall: {
    claims: { 'from outside port 80 is reached, and a program that listens on every address is not': guarded },
  },
  'The gateway': {
    claims: {
      'systemd finds no fault with the unit': async ({ machine }) => {
        expect(await machine.must('systemd-analyze verify gateway.service')).toBe('');
      },
      'what it tells a systemd that is slow for a moment is heard': async ({ machine }) => {
        const fed = async () =>
          Number(await machine.must('systemctl show --property WatchdogTimestampMonotonic --value gateway'));
        const first = await fed();
        await until(40, 'sign of life', async () => (await fed()) > first);
        const before = await fed();
        // The next one comes 15 s after this one, in the middle of it.
        await new Promise((resolve) => setTimeout(resolve, 13_500));
        await machine.hold(3);
        await until(3, 'sign of life that systemd has kept', async () => (await fed()) > before);
      },
      'it is no root, has no capability, and has the secret all the same': async ({ machine }) => {
        const pid = await machine.must('systemctl show --property MainPID --value gateway');
        const status = await machine.must(`cat /proc/${pid}/status`);
        expect(status).toMatch(/^CapEff:\t0+$/m);
        expect(status).not.toMatch(/^Uid:\t0\t/m);
        const secret = (path: string) => machine.must(`cat ${path}`);
        expect(await secret('/run/credentials/gateway.service/jwt')).toBe(await secret('/etc/gateway/jwt.secret'));
      },
    },
  },
  'A certificate': {
    claims: {
      'a renewal ends with another certificate at 443, by the hook': async (world) => {
        const before = await serialNumber(world);
        await world.machine.must('certbot renew --force-renewal --no-random-sleep-on-renew');
        await until(20, 'new certificate', async () => (await serialNumber(world)) !== before);
      },
      'port 80 has nothing of the gateway': async (world) => {
        const response = await fetch(`http://127.0.0.1:${await world.port(80)}/health`);
        expect(response.status).toBe(404);
      },
    },
  },
  'A token to try': {
    claims: {
      'the client has seen its message come': async ({ said }) => expect(said).toContain('hello'),
      'from outside, over wss, a client with the token is ready': ready,
      'without a token, and with one of another secret, it is closed with 4001': async (world) => {
        const forged = new SignJWT({ groups: ['lobby'] })
          .setProtectedHeader({ alg: 'HS256' })
          .setSubject('ada')
          .setAudience('chat');
        for (const token of [undefined, await forged.setExpirationTime('1h').sign(new Uint8Array(64))]) {
          const client = await world.client(token);
          expect((await client.next('closed')).payload.code).toBe(4001);
        }
      },
    },
  },
  'Metrics and a mail': {
    claims: {
      'the gateway is scraped, and Prometheus has its rules and knows Alertmanager': async (world) => {
        await scraped(world);
        const { data } = await world.ask<{ data: { groups: { rules: unknown[] }[] } }>(`${PROMETHEUS}/rules`);
        const shipped = parse(read('infra/prometheus/rules.yml')).groups as { rules: unknown[] }[];
        expect(data.groups.map(({ rules }) => rules.length)).toEqual(shipped.map(({ rules }) => rules.length));
        const managers = () => world.ask<{ data: { activeAlertmanagers: object[] } }>(`${PROMETHEUS}/alertmanagers`);
        await until(30, 'Alertmanager', async () => (await managers()).data.activeAlertmanagers.length === 1);
      },
    },
  },
  'Try the alert': {
    claims: {
      'Alertmanager has the alert': async ({ said }) => expect(said).toContain('GatewayDown'),
      'the mail has come': (world) => mail(world, 'FIRING:1', 60),
      'a client is ready again': ready,
    },
  },
  Dashboard: {
    claims: {
      'Prometheus answers every query of the dashboard that is in the folder of the provider': async (world) => {
        const { providers } = parse(await world.machine.must('cat /etc/grafana/provisioning/dashboards/gateway.yaml'));
        const { panels } = JSON.parse(await world.machine.must(`cat ${providers[0].options.path}/gateway.json`));
        const { datasources } = parse(await world.machine.must('cat /etc/grafana/provisioning/datasources/gateway.yaml'));
        const queries: string[] = panels.flatMap(({ targets }: { targets: { expr: string }[] }) =>
          targets.map(({ expr }) => expr),
        );
        expect(queries.length).toBeGreaterThan(20);
        for (const query of queries) {
          const asked = encodeURIComponent(query.replaceAll('$__rate_interval', '1m'));
          expect(await world.ask(`${datasources[0].url}/api/v1/query?query=${asked}`)).toMatchObject({ status: 'success' });
        }
      },
      'the ports that are open are those of the table': async ({ machine }) => {
        const rows = tableOf('docs/vps.md', 'Firewall');
        // A machine without SSH and without Grafana.
        const due = (who: string) =>
          rows
            .filter(([, to]) => to === who)
            .map(([port]) => Number(port))
            .filter((port) => ![22, 3000].includes(port));
        const sockets = (await machine.must("ss --no-header --listening --tcp --udp --numeric | awk '{ print $5 }'")).split('\n');
        const portsOf = (list: string[]) =>
          [...new Set(list.map((address) => Number(address.split(':').at(-1))))].sort((a, b) => a - b);
        const onLoopback = (address: string) => /^(127\.|\[::1\])/.test(address);
        expect(portsOf(sockets.filter((address) => !onLoopback(address)))).toEqual(due('everybody'));
        expect(portsOf(sockets.filter(onLoopback))).toEqual(expect.arrayContaining(due('this machine')));
      },
    },
  },
  'A new version': {
    async before(world) {
      world.registry.republish('gateway-cli', '0.1.1');
      await witness(world);
    },
    claims: {
      'clients were told to come back': drained,
      'the new version serves': (world) => serves(world, '0.1.1'),
    },
  },
  'The version before': {
    before: witness,
    claims: {
      'clients were told to come back': drained,
      'the version before serves': (world) => serves(world, '0.1.0'),
      'a mail has said that the alert is over': (world) => mail(world, 'RESOLVED', 400),
      'no watchdog has ended a gateway that was well': async ({ machine }) => {
        expect(await machine.must('journalctl --unit gateway --no-pager')).not.toContain('Watchdog timeout');
      },
      'all of it is there when the machine starts anew': async (world) => {
        await world.restart();
        await ready(world);
        await scraped(world);
        expect(await world.machine.must('nft list ruleset')).toContain('policy drop');
        await world.machine.must('systemctl is-active prometheus-alertmanager certbot.timer');
      },
    },
  },
};

/** Whether a port says anything in HTTP within three seconds. */
const answers = (port: number) =>
  fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(3_000) }).then(
    () => true,
    () => false,
  );

async function guarded(world: World): Promise<void> {
  await world.machine.must('systemd-run --unit=other python3 -m http.server 5000');
  const other = await world.port(5000);
  await world.machine.must('systemctl stop nftables');
  await until(20, 'way in without a firewall', () => answers(other));
  await world.machine.must('systemctl start nftables');
  expect(await answers(other)).toBe(false);
  expect(await answers(await world.port(80))).toBe(true);
  await world.machine.must('systemctl stop other');
}

async function ready(world: World): Promise<void> {
  const client = await world.client(await world.token());
  await client.next('ready');
  await client.close();
}

async function scraped({ machine }: World): Promise<void> {
  const up = () => machine.run(`curl --silent --fail --globoff '${PROMETHEUS}/query?query=up{job="gateway"}'`);
  await until(60, 'scrape', async () => /,"1"\]/.test((await up()).output));
}

async function witness(world: World): Promise<void> {
  world.witness = await world.client(await world.token());
  await world.witness.next('ready');
}

async function drained({ witness }: World): Promise<void> {
  expect((await witness?.next('closed'))?.payload.code).toBe(1012);
}

async function serves(world: World, version: string): Promise<void> {
  expect(world.said.match(/^\d+\.\d+\.\d+$/gm)?.at(-1)).toBe(version);
  await ready(world);
}

async function mail({ machine }: World, subject: string, seconds: number): Promise<void> {
  await until(seconds, `mail ${subject}`, async () => {
    const { output } = await machine.run(`cat ${INBOX}`);
    return output.includes(`To: ${MAIL}`) && new RegExp(`^Subject: .*${subject}.*GatewayDown`, 'm').test(output);
  });
}

/** Of the certificate that a client from outside is shown, and trusts. */
async function serialNumber(world: World): Promise<string> {
  const [port, ca] = [await world.port(443), await world.authorities()];
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: NAME, ca }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    }).on('error', reject);
  });
}
