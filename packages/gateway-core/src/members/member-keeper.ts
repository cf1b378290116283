import type { Clock } from '../clock.js';
import { isPromise, type MaybePromise, whenDone, whenFailed, whenKnown } from '../maybe-promise.js';
import { CallsUnderWay } from '../presence/calls-under-way.js';
import { Lease } from '../presence/lease.js';
import type { Asker } from './asker.js';
import { Expiries, type Expiry } from './expiries.js';
import { isHere, type Resumable } from './member.js';
import type { MemberKeeperListener } from './member-keeper-listener.js';
import { MemberRecords } from './member-records.js';
import type { MemberStore, StoredMember } from './member-store.js';

export interface MemberKeeperOptions {
  /** Makes node ids. */
  generateId: () => string;
  /** Whether other gateways use the store: only then it is told of more than tokens, and has to be told that this one is alive. */
  isShared: boolean;
  /** How long a member may come back after its connection has dropped, in milliseconds. */
  resumeTtlMs: number;
  /** How long this gateway's members count as connected when it is not heard of, in milliseconds. */
  leaseMs: number;
  /** How long one call may take, in milliseconds. */
  timeoutMs: number;
  /** Most members that have gone and of whose end the store could not be told yet. */
  unsaidEndsMax: number;
  /** How long `close` waits for calls that are under way, in milliseconds. */
  closeTimeoutMs: number;
}

/** Repeated calls that are under way at once, and those of one sweep where the store answers at once. */
const REPEATS_MAX = 16;
const REPEATS_PER_SWEEP = 500;
/** The pause before failed calls are repeated: the first, doubled after each that fails again, and the longest. */
const PAUSE_MS = 1_000;
const PAUSE_MAX_MS = 30_000;

/**
 * Makes the member store say what is true of this gateway's members. Each call says all of it, so one that fails is made up for by the next; of
 * one member there is one call at a time.
 */
export class MemberKeeper {
  readonly #calls = new CallsUnderWay<Resumable>('member store');
  /** Something is new of them since their call under way began. */
  readonly #stale = new Set<Resumable>();
  /** They are being taken over, by this gateway: it is not settled of which generation to speak. */
  readonly #taking = new Set<Resumable>();
  /** To be said again, the one that waits for longest first: what is true of members, and that they have gone. */
  readonly #owed = new Set<Resumable>();
  readonly #owedEnds = new Set<Resumable>();
  readonly #records: MemberRecords;
  readonly #expiries: Expiries;
  /** Which calls fail: reported when the first does, not again before one has succeeded. */
  readonly #failing = new Set<string>();
  #nodeId: string;
  #unlisten: () => void = () => {};
  #pauseMs = PAUSE_MS;
  #repeatAt = 0;
  /** When the lease is to be renewed; `undefined` before the first touch. */
  #touchAt: number | undefined;
  readonly #lease: Lease;
  #closed = false;

  constructor(
    private readonly store: MemberStore,
    private readonly clock: Clock,
    private readonly asker: Asker,
    private readonly options: MemberKeeperOptions,
    private readonly listener: MemberKeeperListener,
  ) {
    this.#lease = new Lease(options.leaseMs);
    this.#records = new MemberRecords(clock, options);
    this.#expiries = new Expiries(store, clock, asker);
    // Where it is alone nobody has to tell it from another one.
    this.#nodeId = options.isShared ? options.generateId() : '';
    if (options.isShared) this.#listen();
  }

  get isShared(): boolean {
    return this.options.isShared;
  }

  get nodeId(): string {
    this.#haveLease();
    return this.#nodeId;
  }

  /** Says nothing of a member while it is being taken over: it is not settled of which generation to speak. */
  during<T>(member: Resumable, takeover: MaybePromise<T>): MaybePromise<T> {
    if (!isPromise(takeover)) return takeover;
    this.#taking.add(member);
    return takeover.finally(() => {
      this.#taking.delete(member);
      if (this.#stale.has(member)) this.say(member);
    });
  }

  /** Settles once the store was told of the member's newest token, or could not be. */
  told(member: Resumable): MaybePromise<void> {
    return this.#calls.has(member) ? this.#ended(member) : undefined;
  }

  /** Something is new of the member that only other gateways need to know; unless it is as the store has just answered (`stored`). */
  changed(member: Resumable, stored?: StoredMember): void {
    if (!this.options.isShared || !isHere(member)) return;
    if (stored === undefined || this.#isUnderWay(member) || !this.#records.isSaid(member, this.#nodeId, stored)) this.say(member);
  }

  /** Says what is true of the member now. Nobody waits for it. */
  say(member: Resumable): void {
    if (this.#taking.has(member) || this.#calls.has(member)) {
      this.#stale.add(member);
      return;
    }
    this.#haveLease();
    for (const set of [this.#stale, this.#owed, this.#owedEnds]) set.delete(member);
    const { generation } = member.resume;
    const record = this.#records.of(member, this.#nodeId);
    const isEnd = record === undefined;
    const where = isEnd ? 'members.end' : 'members.put';
    let isLater = false;
    const said = (isTaken: boolean) => {
      this.#failing.delete(where);
      this.#pauseMs = PAUSE_MS;
      if (!isTaken && !isEnd && member.resume.generation === generation && isHere(member)) this.listener.replaced(member);
      if (this.#stale.has(member)) this.say(member);
      else if (isLater) this.#repeat();
    };
    const failed = (error: unknown) => {
      if (!this.#failing.has(where)) this.listener.failed(error, where);
      this.#failing.add(where);
      this.#stale.delete(member);
      this.#owe(member);
    };
    const call = (): MaybePromise<boolean> => {
      const answer = record === undefined ? this.store.end(member.memberId, generation) : this.store.put(record);
      if (!isPromise(answer)) return answer;
      isLater = true;
      let isTaken = true;
      const noted = answer.then((yes) => {
        isTaken = yes;
      });
      // What a late call did may have come after what was said since, which is therefore said again.
      return this.#calls.begin(member, noted, this.clock.monotonicMs(), () => this.say(member)).then(() => isTaken);
    };
    whenDone(call, said, failed);
  }

  /** Says nothing more of a member that another gateway has, but where a call may still come through: then its end follows, in its generation. */
  forget(member: Resumable): void {
    if (this.#calls.has(member) || this.#owed.has(member)) this.say(member);
  }

  /** Leaves a member that has dropped to other gateways: what the store has to be told of it yet is how it stands now. */
  handOver(member: Resumable): void {
    this.#records.keep(member, this.#nodeId);
  }

  /** Whether a dropped member has gone, its time to come back being over. */
  expire(member: Resumable): MaybePromise<Expiry> {
    // What the store knows of it may not be that it has dropped.
    if (this.#isUnderWay(member)) return 'busy';
    return this.#expiries.ask(member);
  }

  /** Renews the lease at every third of it, gives up calls that take too long, and repeats those that failed. */
  sweep(now: number): void {
    this.#calls.giveUp(now - this.options.timeoutMs);
    if (this.#touchAt !== undefined && now >= this.#touchAt) this.#touch(now, false);
    this.#repeat();
  }

  /** Tries once more what has failed, and waits for what is under way, for `closeTimeoutMs` at most. */
  close(): Promise<void> {
    this.#closed = true;
    this.#unlisten();
    for (const member of [...this.#owedEnds, ...this.#owed]) this.say(member);
    return this.#calls.settledWithin(this.clock, this.options.closeTimeoutMs);
  }

  #isUnderWay(member: Resumable): boolean {
    return this.#taking.has(member) || this.#calls.has(member) || this.#owed.has(member);
  }

  async #ended(member: Resumable): Promise<void> {
    // The call under way, and the one that follows it where something was new.
    for (let call = 0; call < 2; call += 1) await Promise.allSettled([this.#calls.endOf(member)]);
  }

  #owe(member: Resumable): void {
    if (this.#closed) return;
    const now = this.clock.monotonicMs();
    if (now >= this.#repeatAt) {
      this.#repeatAt = now + this.#pauseMs;
      this.#pauseMs = Math.min(2 * this.#pauseMs, PAUSE_MAX_MS);
    }
    (isHere(member) && member.resume.tokenHash !== undefined ? this.#owed : this.#owedEnds).add(member);
    if (this.#owedEnds.size > this.options.unsaidEndsMax) this.#beAnotherNode();
  }

  #repeat(): void {
    let left = REPEATS_PER_SWEEP;
    for (const members of [this.#owedEnds, this.#owed]) {
      for (const member of members) {
        if (this.#closed || left === 0 || this.#calls.size >= REPEATS_MAX || this.clock.monotonicMs() < this.#repeatAt) return;
        left -= 1;
        this.say(member);
      }
    }
  }

  /** Too many ends to remember: whoever stays under the old id goes with its lease, and the members that are here are put under a new one. */
  #beAnotherNode(): void {
    this.#owedEnds.clear();
    if (!this.options.isShared) return;
    this.#nodeId = this.options.generateId();
    this.#listen();
    this.#touch(this.clock.monotonicMs(), true);
    for (const member of this.listener.all()) this.#owed.add(member);
  }

  #listen(): void {
    this.#unlisten();
    const unlisten = this.store.onReplaced(this.#nodeId, (...taken) => this.listener.overtaken(...taken));
    this.#unlisten = () => whenFailed(unlisten, (error) => this.listener.failed(error, 'members.onReplaced'));
  }

  /** The first touch comes before the first member. */
  #haveLease(): void {
    if (this.options.isShared && this.#touchAt === undefined) this.#touch(this.clock.monotonicMs(), true);
  }

  #touch(now: number, isFirst: boolean): void {
    const nodeId = this.#nodeId;
    this.#touchAt = now + this.options.leaseMs / 3;
    this.#lease.made(now);
    const touched = (answer: 'alive' | 'lapsed' | 'failed') => {
      // The store may have taken members for dropped, or gone.
      const isOver = answer !== 'failed' && this.#lease.answered(answer, now, this.clock.monotonicMs(), isFirst);
      if (!isOver || nodeId !== this.#nodeId || this.#closed) return;
      for (const member of this.listener.all()) this.#owed.add(member);
      this.#repeatAt = now;
      this.#repeat();
    };
    const failed = () => {
      this.#touchAt = now;
    };
    const touch = () => this.store.touch(nodeId, this.options.leaseMs);
    const answer = this.asker.ask('members.touch', touch, 'failed' as const, failed);
    void whenKnown(answer, touched);
  }
}
