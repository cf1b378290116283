import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FrontDoor, frontDoor } from './front-door.js';
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
  /** What is killed, one after the other. Default: both gateways, then Redis. */
  kills?: readonly Killed[] | undefined;
  log?: ((line: string) => void) | undefined;
}

type Killed = 'gateway 1' | 'gateway 2' | 'redis';

export interface ScaleOutReport {
  /** How clients came in: through nginx as it is shipped, or to the gateways themselves where there is no nginx. */
  front: FrontDoor['kind'];
  /** Connections that nginx has passed on to each gateway, by its address. */
  passedOn: Record<string, number>;
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
/** One port for both, as for the containers of one service: a name has addresses, and no ports. */
const HOSTS = ['127.0.0.1', '127.0.0.2'] as const;

/**
 * Two gateways and one Redis behind nginx and under load, each of which is killed once. Every client must have all that was acknowledged to anybody, in order and
 * once, or have been told that it may not.
 */
export async function scaleOut({
  clients,
  stepMs,
  awayMs,
  persistence,
  kills = ['gateway 1', 'gateway 2', 'redis'],
  log = () => {},
}: ScaleOutOptions): Promise<ScaleOutReport> {
  const folder = mkdtempSync(join(tmpdir(), 'scale-out-'));
  const [redisPort, port] = await Promise.all([freePort(), freePort()]);
  const redis = Program.redis(redisPort, folder, REDIS[persistence]);
  const gatewayAt = (host: string) => Program.gateway(host, port, `redis://127.0.0.1:${redisPort}`);
  const programs = { 'gateway 1': gatewayAt(HOSTS[0]), 'gateway 2': gatewayAt(HOSTS[1]), redis };
  const healths = () => Promise.all(HOSTS.map((host) => healthOf(`http://${host}:${port}/health`)));
  let front: FrontDoor | undefined;
  const users: User[] = [];
  const health: ScaleOutReport['health'] = { away: [], end: [] };
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  try {
    // A gateway need not find its Redis when it starts.
    await Promise.all(Object.values(programs).map((program) => program.start()));
    const door = await frontDoor(HOSTS, port);
    front = door;
    log(door.description);
    users.push(...Array.from({ length: clients }, (_, n) => new User(`client-${n}`, door, n)));
    await Promise.all(users.map((user) => user.ready));
    for (const user of users) user.begin(10);
    for (const name of kills) {
      const program = programs[name];
      await pause(stepMs);
      log(`kill -9 ${name}`);
      await program.kill();
      await pause(awayMs);
      if (program === redis) health.away = await healths();
      await program.start();
      log(`${name} runs again`);
    }
    await pause(stepMs);
    await Promise.all(users.map((user) => user.quiet()));
    await users[0]?.publish('last');
    await Promise.all(users.map((user) => user.has('last', PATIENCE_MS)));
    // Whatever the pause between their attempts: both gateways have passed something on since.
    health.end = await healths();
    const accepted = users.flatMap((user) => user.accepted);
    const accounts = users.map((user) => user.account(accepted));
    const lost = accepted.filter((text) => users.every(({ seen }) => !seen.has(text))).length;
    const violations = accounts.flatMap(({ name, violations: found }) => found.map((line) => `${name}: ${line}`));
    await Promise.all(users.map((user) => user.close()));
    const passedOn = await door.close();
    return { front: door.kind, passedOn, accounts, accepted: accepted.length, lost, violations, health };
  } finally {
    await Promise.all(users.map((user) => user.close()));
    await front?.close();
    await Promise.all(Object.values(programs).map((program) => program.kill()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function healthOf(url: string): Promise<string> {
  const answer = await fetch(url);
  const { data } = (await answer.json()) as { data?: { status: string } };
  return `${answer.status} ${data?.status}`;
}
