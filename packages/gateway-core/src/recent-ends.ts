import type { Clock } from './clock.js';
import type { EndCause } from './end-causes.js';
import type { Explanation } from './explanation.js';
import type { Cursor } from './groups/cursor.js';
import type { Group } from './groups/group.js';

/** The books of a member in a group, see `LedgerEntry`, with where its cursor stands. */
export type Books = Pick<Cursor, 'start' | 'cursor' | 'written' | 'latest' | 'volatile' | 'lost'>;

/** How a member's time in a group has ended. */
export interface Departure {
  readonly books: Books;
  readonly epoch: string;
  /** `seq` of the group's newest message then. */
  readonly headSeq: number;
  readonly at: number;
}

/** What a member of dialect 2 was told that it has lost. */
export interface Gap {
  readonly memberId: string;
  readonly groupId: string;
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly at: number;
}

/** The newest of each kind of end that `Gateway.explain` tells of. Nothing is kept for a message, nor for a member that is there. */
export class RecentEnds {
  readonly #departures = new Map<string, Departure>();
  readonly #ends = new Map<string, NonNullable<Explanation['ended']>>();
  readonly #gaps = new Set<Gap>();

  /** @param max of each kind. */
  constructor(
    private readonly clock: Clock,
    private readonly max: number,
  ) {}

  /** A member was told a gap in the log of a group, which is of this epoch. */
  gapped(memberId: string, { groupId, position: { epoch } }: Group, from: number, to: number): void {
    this.#gaps.add({ memberId, groupId, epoch, from, to, at: this.clock.now() });
    forgetOldest(this.#gaps, this.max);
  }

  /** The connection that spoke for a member has ended. */
  ended(memberId: string, { code, reason, by }: Pick<EndCause, 'code' | 'reason' | 'by'>): void {
    this.#ends.delete(memberId);
    this.#ends.set(memberId, { at: this.clock.now(), code, reason, by });
    forgetOldest(this.#ends, this.max);
  }

  /** A member has left a group, where it had this place. */
  left(memberId: string, { group, start, cursor, written, latest, volatile, lost }: Books & { group: Group }): void {
    const { epoch, seq: headSeq } = group.position;
    const key = keyOf(memberId, group.groupId);
    this.#departures.delete(key);
    const books = { start, cursor, written, latest, volatile, lost };
    this.#departures.set(key, { books, epoch, headSeq, at: this.clock.now() });
    forgetOldest(this.#departures, this.max);
  }

  departure(memberId: string, groupId: string): Departure | undefined {
    return this.#departures.get(keyOf(memberId, groupId));
  }

  end(memberId: string): Explanation['ended'] {
    return this.#ends.get(memberId);
  }

  gaps(memberId: string, groupId: string, epoch: string): Gap[] {
    return [...this.#gaps].filter((gap) => gap.memberId === memberId && gap.groupId === groupId && gap.epoch === epoch);
  }
}

/** Ids may hold any character: a JSON text keeps the two apart. */
function keyOf(memberId: string, groupId: string): string {
  return JSON.stringify([memberId, groupId]);
}

function forgetOldest<Key>(kept: Set<Key> | Map<Key, unknown>, max: number): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= max) return;
    kept.delete(oldest);
  }
}
