import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, Program } from './program.js';
import { type Account, User } from './user.js';

export interface ScaleOutOptions {
  clients: number;
  /** How long the load goes on before, between and after the kills. */
  stepMs: number;
  /** How long each program stays away. */
  awayMs: number;
  /** `always`: Redis writes every command to disk before it answers. `none`: it writes nothing. */
  persistence: 'always' | 'everysec' | 'none';
  log?: ((line: string) => void) | undefined;
}

export interface ScaleOutReport {
  accounts: Account[];
  accepted: number;
  /** Acknowledged messages that not even their sender has, nor anybody else. */
  lost: number;
  violations: string[];
  /** What `/health` of each gateway said while Redis was away, and at the end. */
  health: { away: string[]; end: string[] };
}

const REDIS: Record<ScaleOutOptions['persistence'], string[]> = {
  always: ['--appendonly', 'yes', '--appendfsync', 'always'],
  everysec: ['--appendonly', 'yes'],
  none: ['--appendonly', 'no'],
};
const PATIENCE_MS = 30_000;

/**
 * Two gateways and one Redis under load, each of which is killed once. Every client must have all that was acknowledged to anybody, in order and
 * once, or have been told that it may not.
 */
export async function scaleOut({
  clients,
  stepMs,
  awayMs,
  persistence,
  log = () => {},
}: ScaleOutOptions): Promise<ScaleOutReport> {
  const folder = mkdtempSync(join(tmpdir(), 'scale-out-'));
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  const [redisPort, ...gatewayPorts] = ports as [number, number, number];
  const redis = Program.redis(redisPort, folder, REDIS[persistence]);
  const gateways = gatewayPorts.map((port) => Program.gateway(port, `redis://127.0.0.1:${redisPort}`));
  const urls = gatewayPorts.map((port) => `ws://127.0.0.1:${port}/rt`);
  const users: User[] = [];
  const health: ScaleOutReport['health'] = { away: [], end: [] };
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  try {
    await redis.start();
    await Promise.all(gateways.map((gateway) => gateway.start()));
    users.push(...Array.from({ length: clients }, (_, n) => new User(`client-${n}`, urls, n)));
    await Promise.all(users.map((user) => user.ready));
    for (const user of users) user.begin(10);
    for (const [name, program] of [
      ['gateway 1', gateways[0]],
      ['gateway 2', gateways[1]],
      ['redis', redis],
    ] as const) {
      await pause(stepMs);
      log(`kill -9 ${name}`);
      await program?.kill();
      await pause(awayMs);
      if (program === redis) health.away = await Promise.all(gatewayPorts.map(healthOf));
      await program?.start();
      log(`${name} runs again`);
    }
    await pause(stepMs);
    await Promise.all(users.map((user) => user.quiet()));
    await users[0]?.publish('last');
    await Promise.all(users.map((user) => user.has('last', PATIENCE_MS)));
    // Whatever the pause between their attempts: both gateways have passed something on since.
    health.end = await Promise.all(gatewayPorts.map(healthOf));
    const accepted = users.flatMap((user) => user.accepted);
    const accounts = users.map((user) => user.account(accepted));
    const lost = accepted.filter((text) => users.every(({ seen }) => !seen.has(text))).length;
    const violations = accounts.flatMap(({ name, violations: found }) => found.map((line) => `${name}: ${line}`));
    return { accounts, accepted: accepted.length, lost, violations, health };
  } finally {
    await Promise.all(users.map((user) => user.close()));
    await Promise.all([...gateways, redis].map((program) => program.kill()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function healthOf(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/health`);
  const { data } = (await answer.json()) as { data?: { status: string } };
  return `${answer.status} ${data?.status}`;
}
