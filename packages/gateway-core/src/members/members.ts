import type { Clock } from '../clock.js';
import type { Membership } from '../groups/group.js';
import type { Groups } from '../groups/groups.js';
import { type MaybePromise, whenKnown } from '../maybe-promise.js';
import type { PresenceTeller } from '../presence/presence-teller.js';
import { advance, type Identity, isHere, isResumable, type Member, placeOf, presenceRecordOf, type Resumable } from './member.js';
import type { MemberKeeper } from './member-keeper.js';
import type { StoredMember } from './member-store.js';
import type { MembersOptions, MembersReport } from './members-report.js';
import { MovedMembers } from './moved-members.js';

/** What the end of a member costs, a write to a socket being one. */
const END_UNITS = 1 / 2;

/** The members of this gateway, who own their places in groups; and the only place that tells the presence keeper of them. */
export class Members {
  /** Those that can be resumed, by id. */
  readonly #resumable = new Map<string, Resumable>();
  /** Members whose connection dropped, longest ago first. */
  readonly #dropped = new Set<Member>();
  readonly #moved: MovedMembers;

  constructor(
    private readonly presence: PresenceTeller,
    private readonly keeper: MemberKeeper,
    private readonly groups: Groups,
    private readonly clock: Clock,
    private readonly options: MembersOptions,
    private readonly report: MembersReport,
  ) {
    const { resumeTtlMs: delayMs, droppedMembersMax: countMax } = options;
    const isIn = (memberId: string, groupId: string) => placeOf(this.#resumable.get(memberId), groupId) !== undefined;
    this.#moved = new MovedMembers(presence, { delayMs, countMax }, isIn);
  }

  /** A member of this gateway that can be resumed. */
  resumable(memberId: string): Resumable | undefined {
    return this.#resumable.get(memberId);
  }

  resumables(): IterableIterator<Resumable> {
    return this.#resumable.values();
  }

  get droppedCount(): number {
    return this.#dropped.size;
  }

  /**
   * Tells the store that the member is, or comes, into the group as `identity`; it takes effect here with `joined` and `identity` set.
   * @param generation of one that will be resumable, and is not yet.
   */
  announce(member: Member, identity: Identity, groupId: string, generation?: number): MaybePromise<void> {
    return this.presence.enter(groupId, presenceRecordOf(member, groupId, identity, 'connected', generation));
  }

  /** Tells the store what is true after all: an announcement that came to nothing. */
  takeBack(announced: Member, groupId: string): void {
    // It may have moved away since, and have come back.
    const member = this.#resumable.get(announced.memberId) ?? announced;
    if (placeOf(member, groupId) === undefined) this.presence.leave(groupId, member.memberId);
    else this.#tellEnter(member, groupId);
  }

  /**
   * Tells the store what is true of a member that has just entered a group, or is somebody new there, where that is not what it was told:
   * of two entries at once the one that came to nothing may have taken back the other's announcement. `stored`: as the member store has just said.
   */
  confirm(member: Member, stored?: StoredMember): void {
    for (const { group } of member.memberships) {
      this.presence.confirm(group.groupId, presenceRecordOf(member, group.groupId));
    }
    if (isResumable(member)) this.keeper.changed(member, stored);
  }

  joined(member: Member, membership: Membership): void {
    // `concat` allocates for exactly one more; a spread would leave room for many.
    member.memberships = member.memberships.concat(membership);
  }

  /**
   * The member says something else of itself in a group; `undefined`: nothing. Nobody waits for the store: what it fails to take it is told
   * again, and the newest wins.
   */
  say(member: Member, membership: Membership, stateText: string | undefined): void {
    if (membership.stateText === stateText) return;
    membership.stateText = stateText;
    this.#tellEnter(member, membership.group.groupId);
    if (isResumable(member)) this.keeper.changed(member);
  }

  /** Out of the group, and so written its last messages, before the leave is announced. */
  leave(member: Member, membership: Membership): void {
    if (!member.memberships.includes(membership)) return;
    const { groupId } = membership.group;
    this.groups.remove(membership);
    // What was written may have ended its connection, and with it all its places.
    if (!member.memberships.includes(membership)) return;
    member.memberships = member.memberships.filter((other) => other !== membership);
    this.presence.leave(groupId, member.memberId);
    if (isResumable(member)) this.keeper.changed(member);
    this.report.left(member, groupId, membership);
  }

  /** It has come from another gateway, and may not stay in a group that it was in there. */
  leaveElsewhere(member: Resumable, groupId: string): void {
    this.presence.leave(groupId, member.memberId, member.resume.generation);
    this.report.left(member, groupId);
  }

  /** Its connection ends: it is written what its socket takes, and hears nothing more. Its places stay until it is ended. */
  detach(member: Member): void {
    for (const membership of member.memberships) membership.group.detach(membership);
  }

  /** Keeps the member for the resume window; what the others see is DEGRADED at most. */
  drop(member: Member): void {
    if (!isHere(member)) return;
    if (this.options.resumeTtlMs === 0 || (member.memberships.length === 0 && member.resume === undefined)) {
      this.end(member);
      return;
    }
    advance(member, 'dropped');
    member.droppedAt = this.clock.monotonicMs();
    this.#dropped.add(member);
    for (const { group } of member.memberships) this.#tellEnter(member, group.groupId);
    if (isResumable(member)) {
      this.report.detached(member);
      this.keeper.say(member);
    }
    const [oldest] = this.#dropped;
    if (this.#dropped.size > this.options.droppedMembersMax) this.end(oldest as Member);
  }

  /** Takes the member out of all its groups for good. */
  end(member: Member): void {
    if (!isHere(member)) return;
    advance(member, 'ended');
    this.#leaveAll(member);
    if (isResumable(member)) this.keeper.say(member);
  }

  /** Nobody can become the member any more, whatever token they have. A store of this gateway's own is told by the member's end. */
  forbidResume(member: Member): void {
    if (!isResumable(member)) return;
    member.resume.tokenHash = undefined;
    member.resume.usedHash = undefined;
    this.keeper.changed(member);
  }

  /** Members whose connection dropped. */
  get dropped(): ReadonlySet<Member> {
    return this.#dropped;
  }

  /** It is on a connection, for the first time or again. */
  connected(member: Resumable): void {
    advance(member, 'resumed');
    member.droppedAt = undefined;
    this.#dropped.delete(member);
    this.#resumable.set(member.memberId, member);
  }

  /** Somebody has the member in this generation: what is known of it here in an earlier one is no member any more. */
  overtaken(memberId: string, generation: number): void {
    const member = this.#resumable.get(memberId);
    // Where it has come back since, this is old news.
    if (member !== undefined && member.resume.generation < generation) this.replaced(member);
  }

  /** Another gateway has the member: it is no member here any more, and what is told of it is that one's to tell. */
  replaced(member: Resumable): void {
    if (!isHere(member)) return;
    advance(member, 'replaced');
    this.#moveOut(member);
    this.keeper.forget(member);
    this.report.fenced(member);
    this.report.moved(member);
  }

  /** It was taken over here, by nobody, and ended in the store for that. */
  lost(member: Resumable): void {
    if (!isHere(member)) return;
    member.resume.connection.fenced = true;
    this.end(member);
    this.report.fenced(member);
  }

  /** Ends the members whose resume window is over. Yields what each cost, a write to a socket being one. */
  *sweep(now: number): Generator<number, void> {
    for (const member of this.#dropped) {
      if (now - (member.droppedAt as number) < this.options.resumeTtlMs) break;
      if (isResumable(member)) this.#expire(member);
      else this.end(member);
      yield END_UNITS;
    }
    this.#moved.sweep(now);
    this.presence.sweep(now);
    this.keeper.sweep(now);
  }

  /** The gateway closes: who may be resumed by another one is left to it, and everybody else ends. */
  close(): void {
    for (const member of [...this.#dropped]) {
      if (!this.keeper.isShared || !isResumable(member) || member.resume.tokenHash === undefined) {
        this.end(member);
        continue;
      }
      this.keeper.handOver(member);
      advance(member, 'handedOver');
      this.#moveOut(member, false);
    }
  }

  /** Asks the store whether its time is over there too: another gateway may have it, or be about to. */
  #expire(member: Resumable): void {
    if (member.resume.claims > 0) return;
    void whenKnown(this.keeper.expire(member), (answer) => {
      if (member.state !== 'dropped') return;
      if (answer === 'replaced') this.replaced(member);
      if (answer !== 'expired') return;
      advance(member, 'expired');
      this.#leaveAll(member);
      this.report.expired(member);
    });
  }

  #leaveAll(member: Member): void {
    this.#dropped.delete(member);
    this.#resumable.delete(member.memberId);
    for (const membership of member.memberships) this.leave(member, membership);
  }

  /** Takes its places away without a word of it: it is in its groups, but not here. */
  #moveOut(member: Resumable, isElsewhere = true): void {
    const { memberId, memberships, resume } = member;
    resume.connection.fenced = true;
    this.#dropped.delete(member);
    this.#resumable.delete(memberId);
    member.memberships = [];
    for (const membership of memberships) this.groups.remove(membership);
    const groupIds = memberships.map(({ group }) => group.groupId);
    if (!isElsewhere) return;
    this.#moved.add({ memberId, generation: resume.generation, groupIds, since: this.clock.monotonicMs() });
  }

  #tellEnter(member: Member, groupId: string): void {
    this.presence.tell(groupId, presenceRecordOf(member, groupId));
  }
}
