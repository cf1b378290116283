import type { InputCheck } from './input.js';
import {
  type Fields,
  fieldsOf,
  isBoolean,
  listOf,
  numberFrom,
  objectOf,
  oneOf,
  optional,
  recordOf,
  refuse,
  textUpTo,
  wholeFrom,
} from './input.js';
import { type Act, type Asked, FAULTS, type Fault, type Manner, type Plan } from './plan.js';

/** Bounds of what one run may be: more than that is a slip of the pen. */
export const MOST = {
  users: 1_000,
  gateways: 100,
  groups: 1_000,
  actions: 100_000,
  /** A day. */
  actsMs: 86_400_000,
  seedLength: 1_024,
} as const;

/** What a run does by itself; faults of a backend need one. */
type OwnAct = Exclude<Act['do'], 'backend'>;

/** Messages of one action, the characters of one, and what a clock may be off by, in milliseconds. */
const COUNT_MAX = 100_000;
const TEXT_MAX = 1_000_000;
const CLOCK_MS_MAX = 1e12;

const ASKED: readonly Asked[] = ['authenticate', 'authorize', 'token', 'broker', 'presence', 'members', 'sessions'];
const MANNERS: readonly Manner[] = ['slow', 'fail', 'late', 'lost', 'lost once', 'overtaking', 'refuse'];

const count = wholeFrom(1, COUNT_MAX);
const bytes = wholeFrom(0, TEXT_MAX);
const ms = numberFrom(0, MOST.actsMs);
const isFault = oneOf(Object.keys(FAULTS));

/** @throws TypeError where it is no list of kinds of faults. */
export function checkFaults(faults: unknown): asserts faults is readonly Fault[] {
  listOf(isFault, Object.keys(FAULTS).length)(faults, 'faults');
}

/**
 * A plan comes from a file, or from somebody's hand.
 * @throws TypeError at the first field that is missing, not known, or not what it must be.
 */
export function checkPlan(plan: unknown): asserts plan is Plan {
  objectOf(plan, 'plan');
  fieldsOf(PLAN)(plan, 'plan');
  const known = plan as Plan;
  const { leastMs, mostMs } = known.network;
  if (mostMs < leastMs) refuse('plan.network.mostMs', `at least leastMs (${leastMs})`, mostMs);
  const acts = actsOf(known);
  for (const [at, action] of known.actions.entries()) {
    const name = `plan.actions[${at}]`;
    oneOf(Object.keys(acts))(objectOf(action, name).do, `${name}.do`);
    fieldsOf({ ...acts[action.do as OwnAct], do: () => {}, atMs: numberFrom(0, known.actsMs) })(action, name);
    if (action.do === 'jump')
      wholeFrom(0, (action.of === 'user' ? known.users : known.gateways) - 1)(action.index, `${name}.index`);
  }
}

const PLAN: Readonly<Record<keyof Plan, InputCheck>> = {
  seed: textUpTo(MOST.seedLength),
  faults: listOf(isFault, Object.keys(FAULTS).length),
  gateways: wholeFrom(1, MOST.gateways),
  users: wholeFrom(1, MOST.users),
  groups: wholeFrom(1, MOST.groups),
  shared: isBoolean,
  principals: isBoolean,
  asyncHooks: isBoolean,
  credentialsMs: ms,
  timings: recordOf(ms),
  limits: recordOf(numberFrom(0, Number.MAX_SAFE_INTEGER)),
  network: fieldsOf({
    leastMs: numberFrom(0, 60_000),
    mostMs: numberFrom(0, 60_000),
    bytesPerSecond: numberFrom(0, 1e12),
    bufferBytes: numberFrom(1, 1e9),
  }),
  clocks: listOf(
    fieldsOf({ offsetMs: numberFrom(-CLOCK_MS_MAX, CLOCK_MS_MAX), rate: numberFrom(0.1, 10) }),
    MOST.users + MOST.gateways,
  ),
  actsMs: ms,
  actions: listOf((action, name) => void objectOf(action, name), MOST.actions),
};

/** The fields of each act, in a plan of so many users, gateways and groups. */
function actsOf({ users, gateways, groups }: Plan): Readonly<Record<OwnAct, Fields>> {
  const [user, gateway, group] = [users, gateways, groups].map((many) => wholeFrom(0, many - 1)) as [
    InputCheck,
    InputCheck,
    InputCheck,
  ];
  const lasting = { user, forMs: ms };
  return {
    start: { user },
    join: { user, group, tail: optional(wholeFrom(0, Number.MAX_SAFE_INTEGER)) },
    leave: { user, group },
    publish: { user, group, count, bytes, key: optional(bytes), resend: isBoolean, session: isBoolean },
    send: { user, group, key: optional(bytes) },
    state: { user, group, value: (value, name) => value === null || numberFrom(-COUNT_MAX, COUNT_MAX)(value, name) },
    close: { user },
    reconnect: { user },
    refresh: { user },
    'host publish': { gateway, group },
    cut: { user },
    vanish: { user },
    lose: { user },
    stall: lasting,
    slow: lasting,
    freeze: lasting,
    reload: { user, how: oneOf(['closed', 'killed', 'gone']), backMs: ms },
    overrun: { user, count, bytes, forMs: ms },
    refuse: { user, how: oneOf(['refuse', 'hang']), forMs: ms },
    pause: { gateway, forMs: ms },
    kill: { gateway, how: oneOf(['reset', 'silent']), backMs: ms },
    deploy: { gateway, graceMs: ms, backMs: ms },
    jump: {
      of: oneOf(['user', 'gateway']),
      index: wholeFrom(0, MOST.users - 1),
      ms: numberFrom(-CLOCK_MS_MAX, CLOCK_MS_MAX),
    },
    ask: { what: oneOf(ASKED), manner: oneOf(MANNERS), forMs: ms, gateway, skips: optional(wholeFrom(0, COUNT_MAX)) },
    'lose logs': { keeps: wholeFrom(0, COUNT_MAX) },
    steal: { user, twice: isBoolean },
    idle: {},
    impostor: { user },
    flood: { count },
    hostile: { text: textUpTo(TEXT_MAX) },
    revoke: { user },
  };
}
