import type { Limits } from '../limits.js';
import type { Timings } from '../timings.js';

/** How often presence is announced. */
export interface PresencePace {
  /** Least time between two announcements of one group, in milliseconds. */
  intervalMs: number;
  /** The longest that a crowd that comes or goes makes of it, in milliseconds. */
  intervalMaxMs: number;
  /** Most members written to per second, over all groups, in the long run. */
  writesPerSecondMax: number;
}

export function paceOf(timings: Timings, limits: Limits): PresencePace {
  const { presenceIntervalMs: intervalMs, presenceIntervalMaxMs: intervalMaxMs } = timings;
  return { intervalMs, intervalMaxMs, writesPerSecondMax: limits.presenceWritesPerSecondMax };
}

/** What is known of the announcements of one group; until the first one, nothing. */
export class Rhythm {
  /** The square root of the members that were written to last. */
  weight = 0;
  /** The last interval. */
  intervalMs = 0;
  /** How many members were told to be there, by the last announcement and by the one before; `undefined`: that is not known. */
  members: number | undefined;
  membersBefore: number | undefined;
}

/** The longest delay that a Node timer takes. */
const DELAY_MAX = 2 ** 31 - 1;
/** A change of the number of members by this share, from one announcement to the next, is a crowd. */
const CROWD_SHARE = 0.05;
/** How many times as long as the one before an interval is while a crowd comes or goes. */
const CROWD_GROWTH = 3;
/** Members of a group that waits no longer than `intervalMs` for a crowd; one of twice as many waits up to twice as long. */
const SMALL_GROUP = 50;

/**
 * How long groups wait between two announcements of their presence.
 *
 * An interval grows with the square roots of the group's members and of those of all groups that announce: `writesPerSecondMax` is kept
 * whoever they are, one group alone announces every `members / writesPerSecondMax` seconds, and a small group hardly waits for a large
 * one. (Shares by square roots make the sum of all waits the shortest.)
 *
 * While a crowd comes or goes each interval is three times the one before, so that it costs each member as many messages as the time that it
 * takes has powers of three, and not as it has intervals. The first interval in which hardly anybody came or went is the last long one.
 */
export class PresenceIntervals {
  /** Of the weights of all groups that announce. */
  #weights = 0;

  constructor(private readonly pace: PresencePace) {}

  /** The interval after an announcement that was written to `told` members. */
  next(rhythm: Rhythm, told: number): number {
    const weight = Math.sqrt(told);
    this.#weights += weight - rhythm.weight;
    rhythm.weight = weight;
    const { intervalMs, writesPerSecondMax } = this.pace;
    const paidAfterMs = Math.ceil((weight * this.#weights * 1_000) / writesPerSecondMax);
    rhythm.intervalMs = Math.min(Math.max(intervalMs, paidAfterMs, this.#crowdMs(rhythm)), DELAY_MAX);
    return rhythm.intervalMs;
  }

  /** A group is quiet. @param isLast no other one announces. */
  rest(rhythm: Rhythm, isLast: boolean): void {
    this.#weights = isLast ? 0 : this.#weights - rhythm.weight;
  }

  /** For how long a crowd is waited for; 0: there is none. */
  #crowdMs({ members, membersBefore, intervalMs }: Rhythm): number {
    if (members === undefined || membersBefore === undefined) return 0;
    if (Math.abs(members - membersBefore) < members * CROWD_SHARE) return 0;
    const longestMs = Math.min(this.pace.intervalMaxMs, (this.pace.intervalMs * members) / SMALL_GROUP);
    return Math.floor(Math.min(intervalMs * CROWD_GROWTH, longestMs));
  }
}
