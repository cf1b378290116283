import type { Clock } from '../clock.js';
import { isPromise, type MaybePromise, whenDone } from '../maybe-promise.js';
import { CallsUnderWay } from './calls-under-way.js';
import { isSame, type Kept, KeptMembers, type MemberRecord } from './kept-members.js';
import { Lease } from './lease.js';
import type { PresenceStore } from './presence-store.js';
import type { PresenceTeller } from './presence-teller.js';

export interface PresenceKeeperOptions {
  /** Makes node ids. */
  generateId: () => string;
  /** How long this gateway's members stay in the store when it is not heard of, in milliseconds; also how long one call may take. */
  leaseMs: number;
  /** Most members that have left and of whose leave the store could not be told yet. */
  unsaidLeavesMax: number;
  /** How long `close` waits for calls that are under way, in milliseconds. */
  closeTimeoutMs: number;
}

/** Repeated calls that are under way at once. */
const REPEATS_MAX = 8;
/** Repeated calls of one turn, where the store answers at once. */
const REPEATS_PER_TURN = 500;
/** The pause before failed calls are repeated: the first, doubled after each that fails again, and the longest. */
const PAUSE_MS = 1_000;
const PAUSE_MAX_MS = 30_000;

/**
 * What the presence store should say of this node's members, and the calls that make it so. A call that fails is repeated until it
 * succeeds or something newer is to be said; of one member there is one call at a time, so none can undo a newer one.
 */
export class PresenceKeeper implements PresenceTeller {
  readonly #members = new KeptMembers();
  readonly #calls = new CallsUnderWay<Kept>('presence store');
  /** To be said again, the one that waits for longest first. */
  readonly #owed = new Set<Kept>();
  /** Which calls fail: reported when the first does, not again before one has succeeded. */
  readonly #failing = new Set<string>();
  #nodeId: string;
  #repeating = 0;
  /** The rest of what is owed is for the next turn. */
  #repeatsNextTurn = false;
  #pauseMs = PAUSE_MS;
  #repeatAt = 0;
  /** When the lease is to be renewed; `undefined` before the first touch. */
  #touchAt: number | undefined;
  readonly #lease: Lease;
  #closed = false;

  constructor(
    private readonly store: PresenceStore,
    private readonly clock: Clock,
    private readonly options: PresenceKeeperOptions,
    private readonly failed: (error: unknown, where: string) => void,
  ) {
    this.#nodeId = options.generateId();
    this.#lease = new Lease(options.leaseMs);
  }

  /**
   * Says that the member is in the group, or what is new of it. Where the store fails, so does this, and what was to be said before is
   * said again: the failed call may have come through.
   */
  enter(groupId: string, record: MemberRecord): MaybePromise<void> {
    this.#haveLease();
    const kept = this.#members.getOrAdd(groupId, record.memberId);
    const before = kept.record;
    const version = this.#members.change(kept, record);
    const fail = (error: unknown): never => {
      if (kept.version === version) {
        this.#members.change(kept, before);
        this.#owe(kept);
      }
      throw error;
    };
    try {
      const said = this.#say(kept);
      return isPromise(said) ? said.catch(fail) : undefined;
    } catch (error) {
      return fail(error);
    }
  }

  /** As `enter`, where nobody waits for it: a failure is reported and the call repeated. */
  tell(groupId: string, record: MemberRecord): void {
    this.#haveLease();
    const kept = this.#members.getOrAdd(groupId, record.memberId);
    this.#members.change(kept, record);
    this.#sayOrOwe(kept);
  }

  /** Says that the member has left the group; where it was never said to be there, and no generation is named, nothing. */
  leave(groupId: string, memberId: string, generation?: number): void {
    if (this.#members.get(groupId, memberId) === undefined && generation === undefined) return;
    const kept = this.#members.getOrAdd(groupId, memberId);
    this.#members.change(kept, undefined, generation);
    this.#sayOrOwe(kept);
  }

  forget(groupId: string, memberId: string): void {
    const kept = this.#members.get(groupId, memberId);
    if (kept === undefined) return;
    this.#members.change(kept, undefined);
    this.#owed.delete(kept);
    if (!this.#calls.has(kept)) this.#members.forget(kept);
  }

  confirm(groupId: string, record: MemberRecord): void {
    if (!isSame(this.#members.get(groupId, record.memberId)?.record, record)) this.tell(groupId, record);
  }

  /** Renews the lease at every third of it, gives up calls that take longer than all of it, and repeats those that failed. */
  sweep(now: number): void {
    this.#calls.giveUp(now - this.options.leaseMs);
    this.#haveLease();
    if (now >= (this.#touchAt as number)) this.#touch(now, false);
    this.#repeat();
  }

  /** Waits for the calls that are under way, for `closeTimeoutMs` at most. What fails from now on is left to the end of the lease. */
  close(staysMs = 0): Promise<void> {
    this.#closed = true;
    this.#owed.clear();
    if (staysMs > 0) this.#touch(this.clock.monotonicMs(), false, Math.max(staysMs, this.options.leaseMs));
    return this.#calls.settledWithin(this.clock, this.options.closeTimeoutMs);
  }

  /** Makes the call that says what is wanted, once the one under way has ended; resolves too where something newer is wanted by then. */
  #say(kept: Kept): MaybePromise<void> {
    const { version, record, groupId, memberId } = kept;
    this.#owed.delete(kept);
    const underWay = this.#calls.endOf(kept);
    if (underWay !== undefined) {
      const next = () => (kept.version === version ? this.#say(kept) : undefined);
      return underWay.then(next, next);
    }
    const answer =
      record === undefined
        ? this.store.leave(groupId, memberId, kept.generation)
        : this.store.enter(groupId, { ...record, nodeId: this.#nodeId });
    const said = () => {
      this.#failing.delete(whereOf(record));
      if (record === undefined && kept.version === version) this.#members.forget(kept);
    };
    if (!isPromise(answer)) return said();
    // What a late call did may have come after what was said since, which is therefore said again.
    const late = () => this.#owe(this.#members.getOrAdd(groupId, memberId, kept.generation));
    return this.#calls.begin(kept, answer, this.clock.monotonicMs(), late).then(said);
  }

  #sayOrOwe(kept: Kept, done: (succeeded: boolean) => void = () => {}): void {
    const { version, record } = kept;
    const fail = (error: unknown) => {
      this.#report(error, whereOf(record));
      if (kept.version === version) this.#owe(kept);
      done(false);
    };
    whenDone(
      () => this.#say(kept),
      () => done(true),
      fail,
    );
  }

  #owe(kept: Kept): void {
    if (this.#closed) return;
    if (this.#owed.size === 0) this.#repeatAt = Math.max(this.#repeatAt, this.clock.monotonicMs() + this.#pauseMs);
    this.#owed.add(kept);
    if (this.#members.unsaidLeaves > this.options.unsaidLeavesMax) this.#beAnotherNode();
  }

  /** Too many leaves to remember: whoever stays under the old id goes with its lease, and the members that are here enter under a new one. */
  #beAnotherNode(): void {
    this.#nodeId = this.options.generateId();
    for (const kept of this.#members.values()) {
      this.#owed.delete(kept);
      if (kept.record !== undefined) this.#owed.add(kept);
      else if (!this.#calls.has(kept)) this.#members.forget(kept);
    }
    this.#touch(this.clock.monotonicMs(), true);
  }

  #repeat(): void {
    if (this.#repeatsNextTurn) return;
    let turn = REPEATS_PER_TURN;
    for (const kept of this.#owed) {
      if (this.#repeating >= REPEATS_MAX || this.clock.monotonicMs() < this.#repeatAt) return;
      if (turn === 0) {
        this.#repeatsNextTurn = true;
        this.clock.setImmediate(() => {
          this.#repeatsNextTurn = false;
          this.#repeat();
        });
        return;
      }
      turn -= 1;
      this.#repeating += 1;
      let atOnce = true;
      this.#sayOrOwe(kept, (succeeded) => {
        this.#repeating -= 1;
        this.#pauseMs = succeeded ? PAUSE_MS : Math.min(2 * this.#pauseMs, PAUSE_MAX_MS);
        if (!succeeded) this.#repeatAt = this.clock.monotonicMs() + this.#pauseMs;
        if (!atOnce) this.#repeat();
      });
      atOnce = false;
    }
  }

  /** The first touch comes before the first member. */
  #haveLease(): void {
    if (this.#touchAt === undefined) this.#touch(this.clock.monotonicMs(), true);
  }

  #touch(now: number, isFirst: boolean, leaseMs = this.options.leaseMs): void {
    const nodeId = this.#nodeId;
    this.#touchAt = now + leaseMs / 3;
    this.#lease.made(now);
    const touched = (answer: 'alive' | 'lapsed') => {
      this.#failing.delete('presence.touch');
      const isOver = this.#lease.answered(answer, now, this.clock.monotonicMs(), isFirst);
      if (isOver && nodeId === this.#nodeId) this.#enterAgain();
    };
    const fail = (error: unknown) => {
      this.#touchAt = now;
      this.#report(error, 'presence.touch');
    };
    whenDone(() => this.store.touch(nodeId, leaseMs), touched, fail);
  }

  /** The store may have taken out anybody of this node. */
  #enterAgain(): void {
    if (this.#closed) return;
    for (const kept of this.#members.values()) this.#owed.add(kept);
    this.#repeatAt = this.clock.monotonicMs();
    this.#repeat();
  }

  #report(error: unknown, where: string): void {
    if (this.#failing.has(where)) return;
    this.#failing.add(where);
    this.failed(error, where);
  }
}

function whereOf(record: MemberRecord | undefined): string {
  return record === undefined ? 'presence.leave' : 'presence.enter';
}
