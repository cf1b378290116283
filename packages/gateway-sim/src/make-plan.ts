import { checkFaults, MOST } from './check-plan.js';
import { type Fields, fieldsOf, numberFrom, refuse, wholeFrom } from './input.js';
import { acts } from './make-acts.js';
import { FAULTS, type Fault, type Plan } from './plan.js';
import type { ClockFault } from './process.js';
import { Random } from './random.js';

/** How large a plan is. */
export interface PlanSize {
  /** Most clients, from 2. Default 3. */
  users: number;
  /** Most gateways, from 1. Default 2. */
  gateways: number;
  /** Most groups, from 1. Default 2. */
  groups: number;
  /** Most actions, from 5. Default 24. */
  actions: number;
  /** How long the actions take at most, in virtual milliseconds, from 8,000. Default 30,000. */
  actsMs: number;
}

/** The size of a plan unless another one is asked for. */
export const DEFAULT_SIZE: Readonly<PlanSize> = { users: 3, gateways: 2, groups: 2, actions: 24, actsMs: 30_000 };

const SIZE: Readonly<Record<keyof PlanSize, Fields[string]>> = {
  users: wholeFrom(2, MOST.users),
  gateways: wholeFrom(1, MOST.gateways),
  groups: wholeFrom(1, MOST.groups),
  actions: wholeFrom(5, MOST.actions),
  actsMs: numberFrom(8_000, MOST.actsMs),
};

const EXACT: ClockFault = { offsetMs: 0, rate: 1 };

/** They came later, and are drawn apart: a seed that has none of them stands for what it stood for before. */
const LATER: ReadonlySet<Fault> = new Set(['answers', 'overtaking', 'overruns']);
const LATEST: ReadonlySet<Fault> = new Set(['idlers', 'impostors']);
const NEED_SHARED: ReadonlySet<Fault> = new Set(['stores', 'broker', 'logs', 'answers', 'overtaking']);

/**
 * What a seed stands for. Each seed has some kinds of faults and not others: those that hide behind each other are met alone as well (swarm testing,
 * Groce et al., ISSTA 2012).
 * @example
 * const { faults, actions } = makePlan('42');
 * @param only the kinds to draw from. Default: all.
 * @param userCount so many users, whatever the size says.
 * @param isShared the gateways share their parts, whatever the seed says.
 * @throws TypeError where seed, size or kinds are none.
 */
export function makePlan(
  seed: number | string,
  size: PlanSize = DEFAULT_SIZE,
  only: readonly Fault[] = Object.keys(FAULTS) as Fault[],
  userCount?: number,
  isShared = false,
): Plan {
  checkSeed(seed);
  fieldsOf(SIZE)(size, 'size');
  checkFaults(only);
  const random = new Random(`plan ${seed}`);
  const share = random.pick([0.1, 0.2, 0.35, 0.6]);
  const later = random.fork('later faults');
  const latest = random.fork('latest faults');
  const faults = only.filter((fault) => (LATEST.has(fault) ? latest : LATER.has(fault) ? later : random).chance(share));
  const needsShared = faults.some((fault) => NEED_SHARED.has(fault));
  const shared = isShared || needsShared || random.chance(0.4);
  const gateways = shared ? random.integer(1, size.gateways) : 1;
  const users = userCount ?? random.integer(2, size.users);
  const hasClockFaults = faults.includes('clocks');
  const clock = (): ClockFault =>
    hasClockFaults ? { offsetMs: random.integer(-100_000, 100_000), rate: 1 + random.integer(-20, 20) / 1_000 } : EXACT;
  const bases = {
    seed: String(seed),
    faults,
    gateways,
    users,
    groups: random.integer(1, size.groups),
    shared,
    // Where nobody has a name, nobody has another one.
    principals: random.chance(0.3) || faults.includes('impostors'),
    asyncHooks: faults.includes('hooks') || random.chance(0.3),
    credentialsMs: faults.includes('tokens') ? random.pick([4_000, 15_000]) : 0,
    timings: { ...timingsOf(random), ...sweepsOf(random.fork('sweeps')) },
    limits: { ...limitsOf(random, faults), ...smallLogs(later, faults), ...littleMemory(random.fork('memory'), faults) },
    network: networkOf(random),
    clocks: Array.from({ length: users + gateways }, clock),
    actsMs: random.integer(size.actsMs / 4, size.actsMs),
  };
  return { ...bases, actions: acts(bases, random, random.integer(5, size.actions)) };
}

/** @throws TypeError where it is neither a text nor a number that is one. */
export function checkSeed(seed: unknown): asserts seed is number | string {
  const isSeed = Number.isFinite(seed) || (typeof seed === 'string' && seed.length <= MOST.seedLength);
  if (!isSeed) refuse('seed', `a finite number or a text of at most ${MOST.seedLength} characters`, seed);
}

function timingsOf(random: Random): Record<string, number> {
  // Half of them with the defaults that users have.
  if (random.chance(0.5)) return {};
  return {
    heartbeatIntervalMs: 4_000,
    heartbeatTimeoutMs: 10_000,
    resumeTtlMs: random.pick([0, 3_000, 8_000]),
    presenceIntervalMs: random.pick([0, 200, 1_000]),
    partTimeoutMs: random.pick([1_000, 4_000]),
    presenceLeaseMs: random.pick([5_000, 15_000]),
    slowConsumerTimeoutMs: random.pick([3_000, 15_000]),
  };
}

/** Sweeps in which nothing is due are most of what happens in a run: in most plans there are half as many as by default. */
function sweepsOf(random: Random): Record<string, number> {
  return random.chance(0.25) ? {} : { sweepIntervalMs: 2_000 };
}

function limitsOf(random: Random, faults: readonly Fault[]): Record<string, number> {
  const hasBursts = faults.includes('bursts');
  const limits: Record<string, number> = {};
  if (random.chance(hasBursts ? 0.8 : 0.2)) limits.logMessagesMax = random.pick([4, 16, 64]);
  if (random.chance(hasBursts ? 0.7 : 0.1)) limits.socketHighWaterMarkBytes = random.pick([2_048, 16_384]);
  // Small, so that a flood need not be large.
  if (faults.includes('floods')) Object.assign(limits, { messagesBurst: 40, messagesPerSecondMax: 20, errorsBurst: 30 });
  if (random.chance(0.1)) limits.logAgeMaxMs = 15_000;
  // As much as brings the largest logs to everybody within the time in which all has to converge.
  if (random.chance(0.2)) limits.replayBytesPerSecondMax = 32_768;
  if (random.chance(0.2)) limits.publishesInFlightMax = 2;
  if (random.chance(0.1)) limits.presenceMembersMax = 2;
  if (random.chance(0.1)) limits.droppedMembersMax = 1;
  return limits;
}

/** A reader that is held is soon behind them. */
function smallLogs(random: Random, faults: readonly Fault[]): Record<string, number> {
  if (!faults.includes('overruns')) return {};
  return { logMessagesMax: random.pick([4, 16]), socketHighWaterMarkBytes: 2_048 };
}

/** Less than bursts need: logs have to give some of it back. */
function littleMemory(random: Random, faults: readonly Fault[]): Record<string, number> {
  return faults.includes('bursts') && random.chance(0.25) ? { logBytesTotalMax: random.pick([32_768, 131_072]) } : {};
}

function networkOf(random: Random): Plan['network'] {
  const leastMs = random.pick([1, 5, 20]);
  return {
    leastMs,
    mostMs: leastMs + random.pick([0, 5, 60, 400]),
    bytesPerSecond: random.chance(0.15) ? random.pick([20_000, 200_000]) : 0,
    bufferBytes: random.pick([4_096, 65_536]),
  };
}
