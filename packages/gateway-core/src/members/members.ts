import type { Clock } from '../clock.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { PresenceStore } from '../presence/presence-store.js';
import type { Member } from './member.js';

export interface MembersOptions {
  nodeId: string;
  resumeTtlMs: number;
  droppedMembersMax: number;
}

/** The members of this gateway, and the only place that tells the presence store of them. */
export class Members {
  /** Members whose connection dropped, longest ago first. */
  readonly #dropped = new Set<Member>();

  constructor(
    private readonly presence: PresenceStore,
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

  /**
   * Changes who the member is, on its way into `groupId`.
   * @returns what takes the change back, `enter` too where the member was not in that group before.
   */
  change(member: Member, to: Pick<Member, 'role' | 'metadataText' | 'claims'>, groupId: string | undefined): () => void {
    const { role, metadataText, claims } = member;
    const wasIn = groupId === undefined || member.groupIds.includes(groupId);
    Object.assign(member, to);
    return () => {
      Object.assign(member, { role, metadataText, claims });
      if (!wasIn) this.#tell('presence.leave', () => this.presence.leave(groupId, member.memberId));
    };
  }

  /** Tells the store that the member comes into the group, or of its new role or metadata; once it has, `joined` follows. */
  enter(member: Member, groupId: string): MaybePromise<void> {
    return this.presence.enter(groupId, this.#record(member, 'connected'));
  }

  joined(member: Member, groupId: string): void {
    if (!member.groupIds.includes(groupId)) member.groupIds = member.groupIds.concat(groupId);
  }

  leave(member: Member, groupId: string): void {
    if (!member.groupIds.includes(groupId)) return;
    member.groupIds = member.groupIds.filter((other) => other !== groupId);
    this.#tell('presence.leave', () => this.presence.leave(groupId, member.memberId));
    this.report.left(member, groupId);
  }

  /** Keeps the member for the resume window; what the others see is DEGRADED at most. */
  drop(member: Member): void {
    if (this.options.resumeTtlMs === 0 || member.groupIds.length === 0) {
      this.end(member);
      return;
    }
    member.droppedAt = this.clock.monotonicMs();
    this.#dropped.add(member);
    for (const groupId of member.groupIds) {
      this.#tell('presence.enter', () => this.presence.enter(groupId, this.#record(member, 'dropped')));
    }
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

  #record(member: Member, state: 'connected' | 'dropped') {
    const { memberId, role, metadataText } = member;
    return { memberId, nodeId: this.options.nodeId, role, metadataText, state };
  }

  #tell(where: string, call: () => MaybePromise<void>): void {
    try {
      const result = call();
      if (isPromise(result)) result.catch((error: unknown) => this.report.failed(error, where));
    } catch (error) {
      this.report.failed(error, where);
    }
  }
}
