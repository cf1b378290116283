import type { Act, Action, Asked, Fault, Manner, Plan } from './plan.js';
import type { Random } from './random.js';

type Bases = Omit<Plan, 'actions'>;
/** Draws one act of a kind; it may take so long at most. */
type Draw = (plan: Bases, random: Random, longestMs: number) => Act;

const user = (plan: Bases, random: Random) => random.integer(0, plan.users - 1);
const group = (plan: Bases, random: Random) => random.integer(0, plan.groups - 1);
const gateway = (plan: Bases, random: Random) => random.integer(0, plan.gateways - 1);
/** Times are of every scale: a fault of 3 ms is another one than one of 20 s. */
const lasting = (random: Random, longestMs: number) => Math.min(random.pick([3, 40, 300, 2_000, 6_000, 20_000]), longestMs);

/** What clients do where nothing is wrong. */
const WORK: readonly [weight: number, draw: Draw][] = [
  [
    10,
    (plan, random) => ({
      do: 'publish',
      user: user(plan, random),
      group: group(plan, random),
      count: random.pick([1, 1, 1, 2, 5]),
      bytes: random.pick([0, 0, 100, 2_000]),
      key: random.chance(0.15) ? random.integer(0, 1) : undefined,
      resend: random.chance(0.3),
      session: random.chance(0.1),
    }),
  ],
  [
    2,
    (plan, random) => ({
      do: 'send',
      user: user(plan, random),
      group: group(plan, random),
      key: random.chance(0.5) ? 0 : undefined,
    }),
  ],
  [
    3,
    (plan, random) => ({
      do: 'join',
      user: user(plan, random),
      group: group(plan, random),
      tail: random.chance(0.4) ? random.pick([1, 5, 100]) : undefined,
    }),
  ],
  [1, (plan, random) => ({ do: 'leave', user: user(plan, random), group: group(plan, random) })],
  [
    2,
    (plan, random) => ({
      do: 'state',
      user: user(plan, random),
      group: group(plan, random),
      value: random.chance(0.2) ? null : random.integer(1, 9),
    }),
  ],
  [1, (plan, random) => ({ do: 'host publish', gateway: gateway(plan, random), group: group(plan, random) })],
  [0.5, (plan, random) => ({ do: 'close', user: user(plan, random) })],
  [1, (plan, random) => ({ do: 'start', user: user(plan, random) })],
  [0.5, (plan, random) => ({ do: 'reconnect', user: user(plan, random) })],
  [0.5, (plan, random) => ({ do: 'refresh', user: user(plan, random) })],
];

const asking =
  (mannerOf: (what: Asked, random: Random) => Manner, whats: readonly Asked[]): Draw =>
  (plan, random, longestMs) => {
    const what = random.pick(whats);
    const manner = mannerOf(what, random);
    const asked = { do: 'ask', what, manner, forMs: lasting(random, longestMs), gateway: gateway(plan, random) } as const;
    if (manner !== 'lost once') return asked;
    // Calls come in bursts, and the first of one would be lost each time. Drawn apart: what follows is what it was.
    return { ...asked, skips: random.fork(`skips ${what} ${asked.forMs} ${longestMs}`).integer(0, 3) };
  };
const ask = (...asked: Asked[]) =>
  asking((what, random) => {
    const manners: Manner[] = ['slow', 'fail', 'late', 'lost'];
    if (what === 'authenticate' || what === 'authorize') manners.push('refuse');
    return random.pick(manners);
  }, asked);
const askSo = (manner: Manner, ...asked: Asked[]) => asking(() => manner, asked);

const FAULT_ACTS: Readonly<Record<Fault, Draw>> = {
  cut: (plan, random) => ({ do: 'cut', user: user(plan, random) }),
  vanish: (plan, random) => ({ do: 'vanish', user: user(plan, random) }),
  lose: (plan, random) => ({ do: 'lose', user: user(plan, random) }),
  stall: (plan, random, longestMs) => ({ do: 'stall', user: user(plan, random), forMs: lasting(random, longestMs) }),
  slow: (plan, random, longestMs) => ({ do: 'slow', user: user(plan, random), forMs: lasting(random, longestMs) }),
  freeze: (plan, random, longestMs) => ({ do: 'freeze', user: user(plan, random), forMs: lasting(random, longestMs) }),
  reload: (plan, random, longestMs) => ({
    do: 'reload',
    user: user(plan, random),
    how: random.pick(['closed', 'killed', 'gone']),
    backMs: lasting(random, longestMs),
  }),
  refuse: (plan, random, longestMs) => ({
    do: 'refuse',
    user: user(plan, random),
    how: random.pick(['refuse', 'hang']),
    forMs: lasting(random, longestMs),
  }),
  pause: (plan, random, longestMs) => ({ do: 'pause', gateway: gateway(plan, random), forMs: lasting(random, longestMs) }),
  kill: (plan, random, longestMs) => ({
    do: 'kill',
    gateway: gateway(plan, random),
    how: random.pick(['reset', 'silent']),
    backMs: lasting(random, longestMs),
  }),
  deploy: (plan, random, longestMs) => ({
    do: 'deploy',
    gateway: gateway(plan, random),
    graceMs: random.pick([0, 500, 5_000]),
    backMs: lasting(random, longestMs),
  }),
  clocks: (plan, random) => {
    const of = random.pick(['user', 'gateway'] as const);
    const index = of === 'user' ? user(plan, random) : gateway(plan, random);
    return { do: 'jump', of, index, ms: random.pick([-3_600_000, -20_000, 30_000, 86_400_000]) };
  },
  hooks: ask('authenticate', 'authorize'),
  tokens: ask('token'),
  stores: ask('presence', 'members', 'sessions'),
  broker: ask('broker'),
  logs: (_plan, random) => ({ do: 'lose logs', keeps: random.pick([0, 0, 1, 5]) }),
  thefts: (plan, random) => ({ do: 'steal', user: user(plan, random), twice: random.chance(0.5) }),
  floods: (_plan, random) => ({ do: 'flood', count: random.pick([30, 100]) }),
  hostile: (_plan, random) => ({ do: 'hostile', text: random.pick(HOSTILE) }),
  revoke: (plan, random) => ({ do: 'revoke', user: user(plan, random) }),
  bursts: (plan, random) => ({
    do: 'publish',
    user: user(plan, random),
    group: group(plan, random),
    count: random.pick([10, 30]),
    bytes: random.pick([0, 3_000]),
    key: random.chance(0.3) ? 0 : undefined,
    resend: false,
    session: false,
  }),
  answers: askSo('lost once', 'authenticate', 'authorize', 'broker', 'presence', 'members', 'sessions'),
  overtaking: askSo('overtaking', 'presence', 'members', 'sessions'),
  overruns: (plan, random, longestMs) => ({
    do: 'overrun',
    user: user(plan, random),
    count: random.pick([20, 60]),
    bytes: random.pick([1_000, 4_000]),
    forMs: Math.min(random.pick([300, 2_000]), longestMs),
  }),
  idlers: () => ({ do: 'idle' }),
  impostors: (plan, random) => ({ do: 'impostor', user: user(plan, random) }),
};

/** Messages that no client sends; each must be answered or end its own connection, and nothing else. */
const HOSTILE: readonly string[] = [
  '',
  '{',
  'null',
  '[]',
  '"identify"',
  '{"type":"ready","payload":{}}',
  '{"type":"data_update","groupId":"g0","payload":{"data":1}}',
  '{"type":"identify","version":"2","payload":{"clientType":"app-client","resume":{"token":"none","groups":{"g0":{"epoch":"x","seq":9007199254740991}}}}}',
  '{"type":"identify","version":"2","payload":{"clientType":"app-client","resume":{"groups":{"__proto__":{"tail":1000000},"g0":{"tail":1000000}}}}}',
  '{"type":"identify","version":"2","payload":{"clientType":"admin"}}',
  '{"type":"join","payload":{"groupId":"g0"}}',
  '{"type":"presence","groupId":"g0","payload":{"state":{}}}',
  '{"type":"__proto__","payload":{"__proto__":{"polluted":true}}}',
  `{"type":"data_update","payload":{"data":${'['.repeat(100)}${']'.repeat(100)}}}`,
  '{"type":"identify","payload":{"clientType":"app-client","groupId":"\\ud800"}}',
];

/** The actions of a plan: work with faults in between, each of a random moment, and every fault over before the end. */
export function acts(plan: Bases, random: Random, count: number): Action[] {
  const actions: Action[] = [];
  for (let index = 0; index < plan.users; index += 1) {
    actions.push({ atMs: random.integer(0, 1_500), do: 'start', user: index });
    actions.push({ atMs: random.integer(0, 2_000), do: 'join', user: index, group: random.integer(0, plan.groups - 1) });
  }
  for (let drawn = 0; drawn < count; drawn += 1) {
    const atMs = random.integer(500, plan.actsMs - 100);
    const draw = plan.faults.length > 0 && random.chance(0.35) ? FAULT_ACTS[random.pick(plan.faults)] : weighted(random);
    actions.push({ atMs, ...draw(plan, random, plan.actsMs - atMs) });
  }
  return actions.sort((one, other) => one.atMs - other.atMs);
}

function weighted(random: Random): Draw {
  let left = random.next() * WORK.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, draw] of WORK) {
    left -= weight;
    if (left < 0) return draw;
  }
  return (WORK[0] as (typeof WORK)[number])[1];
}
