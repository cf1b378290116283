import { act, groupId } from './acting.js';
import { CHECKS } from './checks/checks.js';
import { meets } from './checks/known.js';
import { CONVERGENCE_MS } from './convergence.js';
import type { FinalGateway, History, Violation } from './history.js';
import type { Plan } from './plan.js';
import type { TraceEntry } from './trace.js';
import { World, type WorldOptions } from './world.js';

/** How long the last messages may take: of a network without faults, whose slowest is half a second each way. */
const LAST_WORDS_MS = 8_000;
/** How long clients may take to go: a closing handshake (5 s), the sweep that then cuts it (2 s at most), and the ways. */
const GOING_MS = 8_000;
/** How long gateways without clients may take to close; once nothing is left to happen, the rest of it costs nothing. */
const CLOSING_MS = 20_000;
/** A run that takes more is one that never comes to rest. */
const STEPS_MAX = 400_000;
const REST = 'rest';

/** How a run went. */
export interface RunResult {
  plan: Plan;
  /** What did not hold; empty where everything did. */
  violations: Violation[];
  /** SHA-256 of everything that happened: the same for the same plan. */
  hash: string;
  /** Things that happened in virtual time. */
  steps: number;
  /** What was met: outcomes, codes and states, for reports of what a number of seeds covers. */
  covered: ReadonlySet<string>;
  /** Empty unless it was asked for. */
  timeline: readonly TraceEntry[];
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs a plan: its actions, then a time without faults, then the end; and checks all that was seen. Runs take turns: what is thrown outside of any
 * call is taken for that of the one that is under way.
 */
export function run(plan: Plan, options: WorldOptions): Promise<RunResult> {
  const turn = last.then(() => runNow(plan, options));
  const over = () => {};
  last = turn.then(over, over);
  return turn;
}

async function runNow(plan: Plan, options: WorldOptions): Promise<RunResult> {
  const world = new World(plan, options);
  const { schedule } = world;
  const unhandled = (error: unknown) => world.crashed(error);
  process.on('unhandledRejection', unhandled);
  try {
    for (const gateway of world.gateways) gateway.start();
    for (const action of plan.actions)
      schedule.at(action.atMs, () => {
        for (const gateway of world.gateways) gateway.look();
        act(world, action);
      });
    await until(world, plan.actsMs);
    heal(world);
    await until(world, schedule.nowMs + CONVERGENCE_MS);
    lastWords(world);
    await until(world, schedule.nowMs + LAST_WORDS_MS);
    const users = world.users.map(({ final }) => final);
    const gateways = await Promise.all(world.gateways.map((_, index) => finalOf(world, index)));
    const leftovers = await end(world);
    const { takesEverybody } = options;
    const history: History = {
      entries: world.entries,
      users,
      gateways,
      leftovers,
      goesOn: world.backend?.goesOn,
      takesEverybody,
    };
    const violations = CHECKS.flatMap(({ name, check }) =>
      check(history, plan).map(({ atMs, text }) => ({ check: name, atMs, text })),
    );
    return {
      plan,
      violations: violations.sort((one, other) => one.atMs - other.atMs),
      hash: world.trace.hash,
      steps: schedule.steps,
      covered: coverage(history),
      timeline: world.trace.entries,
    };
  } finally {
    process.off('unhandledRejection', unhandled);
  }
}

async function until(world: World, untilMs: number): Promise<void> {
  const outcome = await world.schedule.run(untilMs, STEPS_MAX);
  if (outcome === 'done') return;
  // Once: nothing goes on after it.
  const isKnown = world.entries.some((entry) => entry.kind === 'found' && entry.check === REST);
  if (!isKnown) world.note({ kind: 'found', check: REST, text: `${world.schedule.steps} steps, and no end` });
}

/** Every fault is over. */
function heal(world: World): void {
  world.say('plan', 'every fault is over');
  world.weather.clear();
  for (const user of world.users) {
    user.handshake = 'connect';
    if (user.process.isPaused) user.resume();
  }
  for (const gateway of world.gateways) {
    if (gateway.process.isPaused) gateway.resume();
    gateway.start();
  }
}

/** A message to each group from everybody who is in it: who hears them all is whole. */
function lastWords(world: World): void {
  for (const user of world.users) {
    for (const { groupId, state } of user.final.groups)
      if (state !== 'refused') user.publish(groupId, 0, { delivery: 'reliable' });
  }
}

async function finalOf(world: World, index: number): Promise<FinalGateway> {
  const { gateway, name, droppedMembersMost, limits } = world.gateways[index] as (typeof world.gateways)[number];
  const groups = Array.from({ length: world.plan.groups }, (_, group) => groupId(group));
  if (gateway === undefined) return { name, ledger: [], sessions: 0, logBytes: 0, droppedMembers: 0, droppedMembersMost, limits };
  const { logBytes, droppedMembers } = gateway.stats();
  let sessions: number | undefined;
  const counted = Promise.all(groups.map((group) => gateway.sessions(group))).then((all) => {
    sessions = all.flat().length;
  });
  counted.catch(() => {});
  await until(world, world.schedule.nowMs + 1_000);
  if (sessions === undefined) world.note({ kind: 'found', check: 'sessions', text: `${name} does not say which there are` });
  const ledger = groups.flatMap((group) => gateway.ledger(group).map((entry) => ({ groupId: group, ...entry })));
  return { name, ledger, sessions: sessions ?? 0, logBytes, droppedMembers, droppedMembersMost, limits };
}

/** What a gateway that has closed has none of any more. */
const KEPT = ['closing', 'droppedMembers', 'groups', 'logBytes'] as const;

/** Closes everything, and says what is left. */
async function end(world: World): Promise<History['leftovers']> {
  world.isEnding = true;
  for (const user of world.users) {
    user.process.endSleep();
    user.close();
  }
  await until(world, world.schedule.nowMs + GOING_MS);
  let open = 0;
  for (const host of world.gateways) {
    const { gateway } = host;
    open += gateway?.stats().connections ?? 0;
    void host.close(1_000);
  }
  await until(world, world.schedule.nowMs + CLOSING_MS);
  if (world.backend !== undefined) {
    for (const gateway of world.gateways) gateway.letGo();
    await until(world, world.schedule.nowMs + CLOSING_MS);
  }
  // One call of a broker that fails may be the end of a subscription.
  const subscriptions = meets(world.plan, 'broker') ? 0 : (world.shared?.broker.subscriptions ?? 0);
  return [
    { who: 'broker', what: 'subscriptions', count: subscriptions },
    { who: 'gateways', what: 'connections after every client has closed', count: open },
    ...world.users.map(({ name, process }) => ({ who: name, what: 'timers', count: process.pendingTimers })),
    ...world.gateways.map(({ name, leftovers }) => ({ who: name, what: 'timers', count: leftovers })),
    ...world.gateways.flatMap(({ name, gateway }) =>
      KEPT.map((what) => ({ who: name, what: `${what} after it has closed`, count: gateway?.stats()[what] ?? 0 })),
    ),
  ];
}

function coverage({ entries }: History): Set<string> {
  const covered = new Set<string>();
  for (const entry of entries) {
    if (entry.kind === 'act') covered.add(`act ${entry.act.do === 'backend' ? `backend: ${entry.act.what}` : entry.act.do}`);
    else if (entry.kind === 'closed') covered.add(`closed ${entry.code}`);
    else if (entry.kind === 'refused') covered.add(`publish ${entry.code}`);
    else if (entry.kind === 'accepted') covered.add(entry.duplicate ? 'publish accepted again' : 'publish accepted');
    else if (entry.kind === 'received') {
      const { type, payload = {} } = entry.message;
      const { outcome, reason, code, resumed } = payload;
      if (type === 'sync') covered.add(`sync ${outcome}${reason === undefined ? '' : ` ${reason}`}`);
      else if (type === 'error') covered.add(`error ${code}`);
      else if (type === 'ready' && resumed !== undefined) covered.add(resumed ? 'ready resumed' : 'ready fresh');
      else covered.add(`receives ${type}`);
    }
  }
  return covered;
}
