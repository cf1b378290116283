import { Random } from '../../packages/gateway-sim/src/random.js';
import type { Loss, Manner } from './network.js';

/** How a gateway's process is treated. `kill while stopped`: SIGSTOP, and SIGKILL in the middle of it. */
export type Signal = 'kill' | 'stop' | 'drain' | 'kill while stopped';

/** One thing that happens. `user` and `group` count from 0. */
export type Step =
  | { do: 'publish'; user: number; group: number; count: number; bytes: number; key?: string | undefined }
  | { do: 'send' | 'leave'; user: number; group: number }
  | { do: 'join'; user: number; group: number; tail?: number | undefined }
  | { do: 'state'; user: number; group: number; value: number | undefined }
  | { do: 'reconnect'; user: number }
  /** Its network stands still, and everybody else says more than its socket holds. */
  | { do: 'behind'; user: number; group: number; forMs: number }
  | { do: 'connection'; user: number; how: Loss }
  | { do: 'network'; user: number; how: 'slow' | 'throttled' | 'held'; forMs: number }
  | { do: 'refuse'; user: number; how: Exclude<Manner, 'carry'>; forMs: number }
  | { do: 'client'; user: number; how: 'left' | 'closed' | 'killed'; forMs: number }
  | { do: 'gateway'; how: Signal; forMs: number };

/** A step and its moment, in milliseconds since the start. */
export type Scheduled = Step & { atMs: number };

/** How large a run is. */
export interface Size {
  users: number;
  groups: number;
  /** How long things are done to it, in milliseconds. */
  actsMs: number;
  /** From one thing that clients do to the next, at most. */
  workMs: number;
  /** The same of faults of clients and their networks. */
  faultMs: number;
  /** The same of the gateway's process. */
  gatewayMs: number;
  /** How long a fault lasts: one of these. */
  lasting: readonly number[];
}

type Draw = (random: Random, size: Size) => Step;

const user = (random: Random, { users }: Size) => random.integer(0, users - 1);
const group = (random: Random, { groups }: Size) => random.integer(0, groups - 1);

const WORK: readonly Draw[] = [
  ...Array<Draw>(8).fill((random, size) => ({
    do: 'publish',
    user: user(random, size),
    group: group(random, size),
    count: random.pick([1, 1, 2, 8, 30]),
    bytes: random.pick([0, 20, 200, 3_000]),
    key: random.chance(0.2) ? random.pick(['a', 'b']) : undefined,
  })),
  (random, size) => ({ do: 'send', user: user(random, size), group: group(random, size) }),
  (random, size) => ({ do: 'leave', user: user(random, size), group: group(random, size) }),
  ...Array<Draw>(3).fill((random, size) => ({
    do: 'join',
    user: user(random, size),
    group: group(random, size),
    tail: random.chance(0.4) ? random.pick([1, 5, 100]) : undefined,
  })),
  (random, size) => ({
    do: 'state',
    user: user(random, size),
    group: group(random, size),
    value: random.chance(0.2) ? undefined : random.integer(1, 9),
  }),
];

const connection =
  (how: Loss): Draw =>
  (random, size) => ({ do: 'connection', user: user(random, size), how });
const network =
  (how: 'slow' | 'throttled' | 'held'): Draw =>
  (random, size) => ({ do: 'network', user: user(random, size), how, forMs: random.pick(size.lasting) });
const refuse =
  (how: 'reset' | 'hang'): Draw =>
  (random, size) => ({ do: 'refuse', user: user(random, size), how, forMs: random.pick(size.lasting) });
const client =
  (how: 'left' | 'closed' | 'killed'): Draw =>
  (random, size) => ({ do: 'client', user: user(random, size), how, forMs: random.pick(size.lasting) });
const gateway =
  (how: Signal): Draw =>
  (random, size) => ({ do: 'gateway', how, forMs: random.pick(size.lasting) });

const FAULTS: readonly Draw[] = [
  connection('cut'),
  connection('vanish'),
  connection('lose'),
  connection('forget'),
  network('slow'),
  network('throttled'),
  network('held'),
  refuse('reset'),
  refuse('hang'),
  client('left'),
  client('closed'),
  client('killed'),
  (random, size) => ({ do: 'reconnect', user: user(random, size) }),
  (random, size) => ({ do: 'behind', user: user(random, size), group: group(random, size), forMs: random.pick(size.lasting) }),
];
const SIGNALS: readonly Draw[] = [gateway('kill'), gateway('stop'), gateway('drain'), gateway('kill while stopped')];

/** Everything that is decided before a run: the same for the same seed and size. */
export function makeSchedule(seed: string, size: Size): Scheduled[] {
  const random = new Random(seed);
  const steps = [
    ...spread(random.fork('work'), size, WORK, size.workMs, (source) => source.pick(WORK)),
    ...spread(random.fork('faults'), size, FAULTS, size.faultMs),
    ...spread(random.fork('gateway'), size, SIGNALS, size.gatewayMs),
  ];
  return steps.sort((one, other) => one.atMs - other.atMs);
}

/** Draws again and again; from a deck, so that every kind comes before one comes again, unless `pick` says otherwise. */
function spread(
  random: Random,
  size: Size,
  draws: readonly Draw[],
  everyMs: number,
  pick: (random: Random) => Draw = dealer(draws),
): Scheduled[] {
  const steps: Scheduled[] = [];
  for (let atMs = everyMs * random.next(); atMs < size.actsMs; atMs += everyMs * (0.4 + 0.6 * random.next()))
    steps.push({ ...pick(random)(random, size), atMs });
  return steps;
}

function dealer(draws: readonly Draw[]): (random: Random) => Draw {
  let deck: Draw[] = [];
  return (random) => {
    if (deck.length === 0) deck = [...draws];
    return deck.splice(random.integer(0, deck.length - 1), 1)[0] as Draw;
  };
}
