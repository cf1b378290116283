import type { Clock } from '../clock.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { MemberRecord } from '../presence/kept-members.js';
import type { PresenceKeeper } from '../presence/presence-keeper.js';
import type { Member } from './member.js';

export interface MembersOptions {
  resumeTtlMs: number;
  droppedMembersMax: number;
}

/** The members of this gateway, and the only place that tells the presence keeper of them. */
export class Members {
  /** Members whose connection dropped, longest ago first. */
  readonly #dropped = new Set<Member>();

  constructor(
    private readonly presence: PresenceKeeper,
    private readonly clock: Clock,
    private readonly options: MembersOptions,
    private readonly left: (member: Member, groupId: string) => void,
  ) {}

  get droppedCount(): number {
    return this.#dropped.size;
  }

  /**
   * Changes who the member is, on its way into `groupId`.
   * @returns what takes the change back, `enter` too where the member was not in that group before.
   */
  change(member: Member, to: Pick<Member, 'role' | 'metadataText' | 'claims'>, groupId: string | undefined): () => void {
    const { role, metadataText, claims } = member;
    Object.assign(member, to);
    return () => {
      Object.assign(member, { role, metadataText, claims });
      if (groupId === undefined) return;
      // It may have dropped meanwhile, and what it was is what the store should say again.
      const state = member.droppedAt === undefined ? 'connected' : 'dropped';
      if (member.groupIds.includes(groupId)) this.presence.tell(groupId, recordOf(member, state));
      else this.presence.leave(groupId, member.memberId);
    };
  }

  /** Tells the store that the member comes into the group, or of its new role or metadata; once it has, `joined` follows. */
  enter(member: Member, groupId: string): MaybePromise<void> {
    return this.presence.enter(groupId, recordOf(member, 'connected'));
  }

  joined(member: Member, groupId: string): void {
    if (!member.groupIds.includes(groupId)) member.groupIds = member.groupIds.concat(groupId);
  }

  leave(member: Member, groupId: string): void {
    if (!member.groupIds.includes(groupId)) return;
    member.groupIds = member.groupIds.filter((other) => other !== groupId);
    this.presence.leave(groupId, member.memberId);
    this.left(member, groupId);
  }

  /** Keeps the member for the resume window; what the others see is DEGRADED at most. */
  drop(member: Member): void {
    if (this.options.resumeTtlMs === 0 || member.groupIds.length === 0) {
      this.end(member);
      return;
    }
    member.droppedAt = this.clock.monotonicMs();
    this.#dropped.add(member);
    for (const groupId of member.groupIds) this.presence.tell(groupId, recordOf(member, 'dropped'));
    if (this.#dropped.size > this.options.droppedMembersMax) {
      const [oldest] = this.#dropped;
      this.end(oldest as Member);
    }
  }

  /** Takes the member out of all its groups for good. */
  end(member: Member): void {
    this.#dropped.delete(member);
    for (const groupId of member.groupIds) this.leave(member, groupId);
  }

  /** Ends the members whose resume window is over, and keeps what the store says of the others. */
  sweep(now: number): void {
    for (const member of this.#dropped) {
      if (now - (member.droppedAt as number) < this.options.resumeTtlMs) break;
      this.end(member);
    }
    this.presence.sweep(now);
  }

  /** Ends every dropped member: the gateway closes. */
  endDropped(): void {
    for (const member of [...this.#dropped]) this.end(member);
  }
}

function recordOf({ memberId, role, metadataText }: Member, state: 'connected' | 'dropped'): MemberRecord {
  return { memberId, role, metadataText, state };
}
