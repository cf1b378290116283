import { setTimeout as wait } from 'node:timers/promises';
import type { Weather } from './flow.js';
import type { GatewayProcess } from './gateway-process.js';
import type { Step } from './schedule.js';
import type { ChaosUser } from './user.js';

/** Who steps are done to. */
export interface Actors {
  gateway: GatewayProcess;
  users: readonly ChaosUser[];
  groups: readonly string[];
  /** What is done to the gateway's process, one after the other. */
  turns: Promise<void>;
}

const BAD_WEATHER: Readonly<Record<'slow' | 'throttled' | 'held', Partial<Weather>>> = {
  slow: { delayMs: 40, jitterMs: 150 },
  throttled: { bytesPerSecond: 6_000 },
  held: { isHeld: true },
};

/** As much as a client's outbox takes. */
const BURST = { count: 40, bytes: 20_000 };

/** Makes a step happen. */
export function act(actors: Actors, step: Step): void {
  if (step.do === 'gateway') {
    actors.turns = actors.turns.then(() => signal(actors.gateway, step.how, step.forMs));
    return;
  }
  const user = actors.users[step.user] as ChaosUser;
  const { network } = user;
  const groupId = 'group' in step ? (actors.groups[step.group] as string) : '';
  const later = (ms: number, does: () => void) => void setTimeout(does, ms);
  switch (step.do) {
    case 'publish': {
      const options = step.key === undefined ? {} : ({ delivery: 'latest', key: step.key } as const);
      for (let count = 0; count < step.count; count += 1) user.publish(groupId, step.bytes, options);
      return;
    }
    case 'send':
      user.send(groupId);
      return;
    case 'join':
      user.join(groupId, step.tail);
      return;
    case 'leave':
      user.leave(groupId);
      return;
    case 'state':
      user.say(groupId, step.value);
      return;
    case 'reconnect':
      user.reconnect();
      return;
    case 'connection':
      network.lose(step.how);
      return;
    case 'network':
      later(step.forMs, network.become(BAD_WEATHER[step.how]));
      return;
    case 'behind':
      for (const other of actors.users)
        for (let count = 0; other !== user && count < BURST.count; count += 1) other.publish(groupId, BURST.bytes);
      later(step.forMs, network.become(BAD_WEATHER.held));
      return;
    case 'refuse':
      network.manner = step.how;
      later(step.forMs, () => {
        network.manner = 'carry';
      });
      return;
    case 'client': {
      const groups = user.groups;
      const { life } = user;
      user.end(step.how);
      later(step.forMs, () => {
        if (user.life === life) void user.start(groups);
      });
      return;
    }
  }
}

async function signal(
  gateway: GatewayProcess,
  how: 'kill' | 'stop' | 'drain' | 'kill while stopped',
  forMs: number,
): Promise<void> {
  if (how === 'stop' || how === 'kill while stopped') {
    gateway.stop();
    await wait(forMs);
    if (how === 'stop') {
      gateway.continue();
      return;
    }
  }
  if (how === 'drain') await gateway.drain();
  else await gateway.kill();
  await gateway.start();
}

/** Waits until something is so, or for so long at most. */
export async function atMost(isSo: () => boolean, mostMs: number): Promise<void> {
  const deadline = performance.now() + mostMs;
  while (!isSo() && performance.now() < deadline) await wait(50);
}
