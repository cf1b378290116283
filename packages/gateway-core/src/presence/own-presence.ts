import type { MaybePromise } from '../maybe-promise.js';
import { isSame, type MemberRecord } from './kept-members.js';
import type { PresenceMember, PresenceStore } from './presence-store.js';
import type { PresenceTeller } from './presence-teller.js';

/** A store that can be asked for one member. */
export interface OwnStore extends PresenceStore {
  member(groupId: string, memberId: string): PresenceMember | undefined;
}

/**
 * Tells the store that a gateway has made for itself: nobody shares it and it cannot fail, so there is nothing to repeat and no lease to
 * lose, and nothing has to be remembered beside it.
 */
export class OwnPresence implements PresenceTeller {
  constructor(
    private readonly store: OwnStore,
    private readonly nodeId: string,
    /** `timings.presenceLeaseMs`. */
    private readonly leaseMs: number,
  ) {}

  enter(groupId: string, { memberId, role, principal, metadataText, stateText, state }: MemberRecord): MaybePromise<void> {
    return this.store.enter(groupId, { memberId, nodeId: this.nodeId, role, principal, metadataText, stateText, state });
  }

  tell(groupId: string, record: MemberRecord): void {
    void this.enter(groupId, record);
  }

  leave(groupId: string, memberId: string): void {
    void this.store.leave(groupId, memberId);
  }

  /** Nobody else has a member of a store that nobody shares. */
  forget(groupId: string, memberId: string): void {
    this.leave(groupId, memberId);
  }

  confirm(groupId: string, record: MemberRecord): void {
    if (!isSame(this.store.member(groupId, record.memberId), record)) this.tell(groupId, record);
  }

  /** What the store forgets with time, it forgets when it is touched. */
  sweep(): void {
    void this.store.touch(this.nodeId, this.leaseMs);
  }

  async close(): Promise<void> {}
}
