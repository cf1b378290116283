import type { Clock } from '../clock.js';
import type { Membership } from '../groups/group.js';
import type { Groups } from '../groups/groups.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { MemberRecord } from '../presence/kept-members.js';
import type { PresenceTeller } from '../presence/presence-teller.js';
import { type Identity, isSameUser, type Member } from './member.js';
import { type Claim, ResumeTokens } from './resume-tokens.js';

export interface MembersOptions {
  resumeTtlMs: number;
  droppedMembersMax: number;
}

/** What the end of a member costs, a write to a socket being one. */
const END_UNITS = 1 / 2;

/** The members of this gateway, who own their places in groups; and the only place that tells the presence keeper of them. */
export class Members {
  /** Members whose connection dropped, longest ago first. */
  readonly #dropped = new Set<Member>();
  readonly #tokens = new ResumeTokens();

  constructor(
    private readonly presence: PresenceTeller,
    private readonly groups: Groups,
    private readonly clock: Clock,
    private readonly options: MembersOptions,
    private readonly report: {
      left: (member: Member, groupId: string) => void;
      /** Its connection has dropped, and it can come back. */
      detached: (member: Member) => void;
      /** It has not come back within its window. */
      expired: (member: Member) => void;
    },
  ) {}

  get droppedCount(): number {
    return this.#dropped.size;
  }

  /** Tells the store that the member is, or comes, into the group as `identity`; it takes effect here with `joined` and `identity` set. */
  announce(member: Member, identity: Identity, groupId: string): MaybePromise<void> {
    return this.presence.enter(groupId, recordOf(member, identity, groupId, 'connected'));
  }

  /** Tells the store what is true after all: an announcement that came to nothing. */
  takeBack(member: Member, groupId: string): void {
    if (placeOf(member, groupId) === undefined) this.presence.leave(groupId, member.memberId);
    else this.#tellEnter(member, groupId, member.droppedAt === undefined ? 'connected' : 'dropped');
  }

  /**
   * Tells the store what is true of a member that has just entered a group, or is somebody new there, where that is not what it was told:
   * of two entries at once the one that came to nothing may have taken back the other's announcement.
   */
  confirm(member: Member): void {
    for (const { group } of member.memberships) {
      const { groupId } = group;
      const state = member.droppedAt === undefined ? 'connected' : 'dropped';
      this.presence.confirm(groupId, recordOf(member, member.identity, groupId, state));
    }
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
    this.#tellEnter(member, membership.group.groupId, 'connected');
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
    this.report.left(member, groupId);
  }

  /** Its connection ends: it is written what its socket takes, and hears nothing more. Its places stay until it is ended. */
  detach(member: Member): void {
    for (const membership of member.memberships) membership.group.detach(membership);
  }

  /** Keeps the member for the resume window; what the others see is DEGRADED at most. */
  drop(member: Member): void {
    if (this.options.resumeTtlMs === 0 || (member.memberships.length === 0 && member.resume === undefined)) {
      this.end(member);
      return;
    }
    member.droppedAt = this.clock.monotonicMs();
    this.#dropped.add(member);
    for (const { group } of member.memberships) this.#tellEnter(member, group.groupId, 'dropped');
    if (member.resume !== undefined) this.report.detached(member);
    if (this.#dropped.size > this.options.droppedMembersMax) {
      const [oldest] = this.#dropped;
      this.end(oldest as Member);
    }
  }

  /** Takes the member out of all its groups for good. */
  end(member: Member): void {
    this.#dropped.delete(member);
    if (isResumable(member)) this.#tokens.forget(member);
    for (const membership of member.memberships) this.leave(member, membership);
  }

  /**
   * The member that a resume token stands for, kept until `release`: hooks may take their time. `undefined` where the token is unknown,
   * used, or its member's window is over.
   */
  claim(token: string | undefined): Claim | undefined {
    const member = token === undefined ? undefined : this.#tokens.find(token);
    if (member === undefined || this.#isOver(member, this.clock.monotonicMs())) return undefined;
    member.resume.claims += 1;
    return { member, generation: member.resume.generation };
  }

  release({ member }: Claim): void {
    member.resume.claims -= 1;
  }

  /** Whether a claim can still be made good, by this user: another one may have won, or the member may have been ended. */
  mayResume({ member, generation }: Claim, identity: Identity): boolean {
    const { resume } = member;
    return resume.tokenHash !== undefined && resume.generation === generation && isSameUser(member.identity, identity);
  }

  /** Nobody can become the member any more, whatever token they have. */
  forbidResume(member: Member): void {
    if (isResumable(member)) this.#tokens.forget(member);
  }

  /** Members whose connection dropped. */
  get dropped(): ReadonlySet<Member> {
    return this.#dropped;
  }

  /** It has come back: it is on a connection again. */
  returned(member: Member): void {
    member.droppedAt = undefined;
    this.#dropped.delete(member);
  }

  /** @param used the token that it has come back with. */
  issueToken(member: Claim['member'], used: string | undefined): string {
    return this.#tokens.issue(member, used);
  }

  /** The client has spoken: it has its newest token. */
  confirmToken(member: Member): void {
    if (isResumable(member)) this.#tokens.confirm(member);
  }

  /** Ends the members whose resume window is over. Yields what each cost, a write to a socket being one. */
  *sweep(now: number): Generator<number, void> {
    for (const member of this.#dropped) {
      if (now - (member.droppedAt as number) < this.options.resumeTtlMs) break;
      if (!this.#isOver(member, now)) continue;
      this.end(member);
      if (member.resume !== undefined) this.report.expired(member);
      yield END_UNITS;
    }
    this.presence.sweep(now);
  }

  /** Ends every dropped member: the gateway closes. */
  endDropped(): void {
    for (const member of [...this.#dropped]) this.end(member);
  }

  #isOver({ droppedAt, resume }: Member, now: number): boolean {
    return droppedAt !== undefined && now - droppedAt >= this.options.resumeTtlMs && (resume?.claims ?? 0) === 0;
  }

  #tellEnter(member: Member, groupId: string, state: MemberRecord['state']): void {
    this.presence.tell(groupId, recordOf(member, member.identity, groupId, state));
  }
}

function recordOf(member: Member, identity: Identity, groupId: string, state: MemberRecord['state']): MemberRecord {
  const { role, principal, metadataText } = identity;
  return { memberId: member.memberId, role, principal, metadataText, stateText: placeOf(member, groupId)?.stateText, state };
}

function isResumable(member: Member): member is Claim['member'] {
  return member.resume !== undefined;
}

/** A member's place in a group. */
export function placeOf(member: Member | undefined, groupId: string): Membership | undefined {
  // No closure: it is asked for every message.
  for (const membership of member?.memberships ?? []) if (membership.group.groupId === groupId) return membership;
  return undefined;
}
