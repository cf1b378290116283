import type { Clock } from '../clock.js';
import type { Membership } from '../groups/group.js';
import type { Groups } from '../groups/groups.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { PresenceMember, PresenceStore } from '../presence/presence-store.js';
import type { Identity, Member } from './member.js';

export interface MembersOptions {
  nodeId: string;
  resumeTtlMs: number;
  droppedMembersMax: number;
}

/** The members of this gateway, who own their places in groups; and the only place that tells the presence store of them. */
export class Members {
  /** Members whose connection dropped, longest ago first. */
  readonly #dropped = new Set<Member>();

  constructor(
    private readonly presence: PresenceStore,
    private readonly groups: Groups,
    private readonly clock: Clock,
    private readonly options: MembersOptions,
    private readonly report: {
      left: (member: Member, groupId: string) => void;
      failed: (error: unknown, where: string) => void;
    },
  ) {}

  get droppedCount(): number {
    return this.#dropped.size;
  }

  /** Tells the store that the member is, or comes, into the group as `identity`; it takes effect here with `joined` and `identity` set. */
  announce(member: Member, identity: Identity, groupId: string): MaybePromise<void> {
    return this.presence.enter(groupId, this.#record(member, identity, 'connected'));
  }

  /** Tells the store what is true after all: an announcement that came to nothing. */
  takeBack(member: Member, groupId: string): void {
    if (placeOf(member, groupId) === undefined) this.#tellLeave(member, groupId);
    else this.#tellEnter(member, groupId, member.droppedAt === undefined ? 'connected' : 'dropped');
  }

  joined(member: Member, membership: Membership): void {
    // `concat` allocates for exactly one more; a spread would leave room for many.
    member.memberships = member.memberships.concat(membership);
  }

  /** Out of the group, and so written its last messages, before the leave is announced. */
  leave(member: Member, membership: Membership): void {
    if (!member.memberships.includes(membership)) return;
    const { groupId } = membership.group;
    this.groups.remove(membership);
    member.memberships = member.memberships.filter((other) => other !== membership);
    this.#tellLeave(member, groupId);
    this.report.left(member, groupId);
  }

  /** Its connection ends: it is written what its socket takes, and hears nothing more. Its places stay until it is ended. */
  detach(member: Member): void {
    for (const membership of member.memberships) membership.group.detach(membership);
  }

  /** Keeps the member for the resume window; what the others see is DEGRADED at most. */
  drop(member: Member): void {
    if (this.options.resumeTtlMs === 0 || member.memberships.length === 0) {
      this.end(member);
      return;
    }
    member.droppedAt = this.clock.monotonicMs();
    this.#dropped.add(member);
    for (const { group } of member.memberships) this.#tellEnter(member, group.groupId, 'dropped');
    if (this.#dropped.size > this.options.droppedMembersMax) {
      const [oldest] = this.#dropped;
      this.end(oldest as Member);
    }
  }

  /** Takes the member out of all its groups for good. */
  end(member: Member): void {
    this.#dropped.delete(member);
    for (const membership of member.memberships) this.leave(member, membership);
  }

  /** Ends the members whose resume window is over, and renews this gateway's lease. */
  sweep(now: number, leaseMs: number): void {
    for (const member of this.#dropped) {
      if (now - (member.droppedAt as number) < this.options.resumeTtlMs) break;
      this.end(member);
    }
    this.#tell('presence.touch', () => this.presence.touch(this.options.nodeId, leaseMs));
  }

  /** Ends every dropped member: the gateway closes. */
  endDropped(): void {
    for (const member of [...this.#dropped]) this.end(member);
  }

  #record({ memberId }: Member, { role, metadataText, principal }: Identity, state: PresenceMember['state']): PresenceMember {
    return { memberId, nodeId: this.options.nodeId, role, principal, metadataText, state };
  }

  #tellEnter(member: Member, groupId: string, state: PresenceMember['state']): void {
    this.#tell('presence.enter', () => this.presence.enter(groupId, this.#record(member, member.identity, state)));
  }

  #tellLeave({ memberId }: Member, groupId: string): void {
    this.#tell('presence.leave', () => this.presence.leave(groupId, memberId));
  }

  #tell(where: string, call: () => MaybePromise<unknown>): void {
    try {
      const result = call();
      if (isPromise(result)) result.catch((error: unknown) => this.report.failed(error, where));
    } catch (error) {
      this.report.failed(error, where);
    }
  }
}

/** A member's place in a group. */
export function placeOf(member: Member | undefined, groupId: string): Membership | undefined {
  return member?.memberships.find(({ group }) => group.groupId === groupId);
}
