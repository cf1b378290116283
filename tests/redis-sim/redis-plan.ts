import { makePlan, type PlanSize } from '../../packages/gateway-sim/src/make-plan.js';
import { type Action, type BackendAct, FAULTS, type Fault, type Plan } from '../../packages/gateway-sim/src/plan.js';
import { Random } from '../../packages/gateway-sim/src/random.js';

/** Every kind of fault of Redis and of the ways to it. */
export const REDIS_FAULTS = {
  cut: 'connections of a gateway get a reset; what is on its way is carried out, or not',
  vanish: 'connections of a gateway are swallowed: nothing moves, and nobody is told',
  stall: 'connections of a gateway stand still for a while, then everything arrives',
  'cut hearing': 'the server ends a connection that hears, as where its output buffer is full',
  pause: 'the server stands still',
  slow: 'every way takes most of a second',
  refuse: 'no connection is taken',
  hang: 'new connections come to nothing',
  full: 'there is no memory left',
  flush: 'FLUSHALL',
  'flush scripts': 'SCRIPT FLUSH',
  restart: 'the server is started again, with everything, without its newest changes, or with nothing',
  'fail over': 'a replica takes over, which may lag; the former primary is gone, or goes on for a while',
} as const;

/** The name of one of them. */
export type RedisFault = keyof typeof REDIS_FAULTS;

type Draw = (random: Random, longestMs: number) => { how?: string; count?: number; forMs?: number };

const lasting = (random: Random, longestMs: number) => Math.min(random.pick([3, 40, 300, 2_000, 6_000, 20_000]), longestMs);
const WHICH = ['calls', 'hears', 'both'];
/** Changes that are lost: a script that writes is one. */
const LOSSES = [0, 0, 1, 2, 5, 20, 100, 1_000_000];

const DRAWS: Readonly<Record<RedisFault, Draw>> = {
  cut: (random) => ({ how: random.pick(WHICH), count: random.integer(0, 1) }),
  vanish: (random) => ({ how: random.pick(WHICH) }),
  stall: (random, longestMs) => ({ how: random.pick(WHICH), forMs: lasting(random, longestMs) }),
  'cut hearing': () => ({}),
  pause: (random, longestMs) => ({ forMs: lasting(random, longestMs) }),
  slow: (random, longestMs) => ({ forMs: lasting(random, longestMs) }),
  refuse: (random, longestMs) => ({ forMs: lasting(random, longestMs) }),
  hang: (random, longestMs) => ({ forMs: lasting(random, longestMs) }),
  full: (random, longestMs) => ({ forMs: lasting(random, longestMs) }),
  flush: () => ({}),
  'flush scripts': () => ({}),
  restart: (random, longestMs) => ({ count: random.pick(LOSSES), forMs: lasting(random, longestMs) }),
  'fail over': (random, longestMs) => ({
    count: random.pick(LOSSES),
    forMs: random.chance(0.5) ? 0 : lasting(random, longestMs),
    how: random.pick(['said', 'unsaid']),
  }),
};

/** Without those of the parts in memory. */
const OTHER_FAULTS = (Object.keys(FAULTS) as Fault[]).filter(
  (fault) => !['stores', 'broker', 'logs', 'answers', 'overtaking', 'idlers', 'impostors'].includes(fault),
);

/** Somebody becomes a member whose gateway does not hear of it for a while, and its client goes on speaking there. */
function unheardTheft(plan: Plan, random: Random): Action[] {
  const atMs = random.integer(300, plan.actsMs - 5_000);
  const user = random.integer(0, plan.users - 1);
  const stalls = Array.from({ length: plan.gateways }, (_, gateway): Action => {
    return { atMs, do: 'backend', what: 'stall', how: 'hears', gateway, count: 0, forMs: 3_000 };
  });
  const says = Array.from({ length: 6 }, (_, nth): Action => {
    const of = { user, group: random.integer(0, plan.groups - 1), count: 2, bytes: 50, resend: true, session: false };
    return { atMs: atMs + 10 + nth * 200 + random.integer(0, 200), do: 'publish', ...of };
  });
  return [...stalls, { atMs: atMs + random.integer(0, 300), do: 'steal', user, twice: false }, ...says];
}

/** Somebody comes back, the gateway that is asked dies in the middle of it, and nobody comes back as that member any more. */
function brokenReturn(plan: Plan, random: Random): Action[] {
  const atMs = plan.actsMs - random.integer(3_000, 7_000);
  const [user, gateway] = [random.integer(0, plan.users - 1), random.integer(0, plan.gateways - 1)];
  const asks = Array.from({ length: plan.gateways }, (_, each): Action => {
    return { atMs, do: 'ask', what: 'authenticate', manner: 'lost', gateway: each, forMs: 2_500 };
  });
  const afterMs = atMs + random.integer(300, 2_400);
  return [
    ...asks,
    { atMs, do: random.pick(['cut', 'vanish', 'lose']), user },
    { atMs: afterMs, do: 'kill', gateway, how: random.pick(['reset', 'silent']), backMs: random.integer(0, 500) },
    { atMs: afterMs + 1, do: 'reload', user, how: random.pick(['killed', 'gone']), backMs: random.integer(0, 500) },
  ];
}

/** What a gateway publishes is carried out, and its connection breaks before it is answered. */
function lostAnswers(plan: Plan, random: Random): Action[] {
  const atMs = random.integer(2_000, plan.actsMs - 1_000);
  const gateway = random.integer(0, plan.gateways - 1);
  const of = { do: 'backend', how: 'calls', gateway } as const;
  const says = Array.from({ length: random.integer(1, 3) }, (_, nth): Action => {
    return { atMs: atMs + 10 + nth, do: 'host publish', gateway, group: random.integer(0, plan.groups - 1) };
  });
  return [
    { atMs, ...of, what: 'stall', count: 0, forMs: 500 },
    ...says,
    { atMs: atMs + random.integer(50, 400), ...of, what: 'cut', count: 1, forMs: 0 },
  ];
}

/** A server loses its newest changes, while more is published than it has lost. */
function lossUnderLoad(plan: Plan, random: Random): Action[] {
  const atMs = random.integer(3_000, plan.actsMs - 3_000);
  const [group, forMs] = [random.integer(0, plan.groups - 1), random.pick([300, 2_000])];
  const publish = (at: number): Action => {
    return { atMs: at, do: 'host publish', gateway: random.integer(0, plan.gateways - 1), group };
  };
  const before = Array.from({ length: 5 }, (_, nth) => publish(atMs - 40 * (5 - nth)));
  const meanwhile = Array.from({ length: random.integer(1, 6) }, () => publish(atMs + random.integer(1, forMs)));
  const restart: Action = { atMs, do: 'backend', what: 'restart', how: '', gateway: 0, count: random.integer(1, 4), forMs };
  return [...before, restart, ...meanwhile];
}

/** What a seed stands for: gateways and clients with their faults, as `pnpm sim` draws them, and those of a Redis that they share. */
export function redisPlan(seed: string, only: readonly RedisFault[] = Object.keys(REDIS_FAULTS) as RedisFault[]): Plan {
  const size: PlanSize = { users: 3, gateways: 3, groups: 2, actions: 24, actsMs: 30_000 };
  const random = new Random(`redis ${seed}`);
  const plan = makePlan(seed, size, random.chance(0.4) ? [] : OTHER_FAULTS, undefined, true);
  const share = random.pick([0.15, 0.3, 0.6]);
  const drawn = only.filter(() => random.chance(share));
  const faults = drawn.length > 0 ? drawn : [random.pick(only)];
  const acts = Array.from({ length: random.integer(1, 8) }, () => {
    const atMs = random.integer(300, plan.actsMs - 100);
    const what = random.pick(faults);
    const { how = '', count = 0, forMs = 0 } = DRAWS[what](random, plan.actsMs - atMs);
    const act: BackendAct = { do: 'backend', what, how, gateway: random.integer(0, plan.gateways - 1), count, forMs };
    return { atMs, ...act };
  });
  const more = [
    random.chance(0.3) ? unheardTheft(plan, random) : [],
    random.chance(0.2) ? brokenReturn(plan, random) : [],
    random.chance(0.2) ? lostAnswers(plan, random) : [],
    random.chance(0.2) ? lossUnderLoad(plan, random) : [],
  ].flat();
  return { ...plan, actions: [...plan.actions, ...acts, ...more].sort((one, other) => one.atMs - other.atMs) };
}
