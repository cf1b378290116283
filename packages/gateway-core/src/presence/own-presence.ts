import type { MaybePromise } from '../maybe-promise.js';
import type { MemberRecord } from './kept-members.js';
import type { PresenceTeller } from './presence-keeper.js';
import type { PresenceStore } from './presence-store.js';

/**
 * Tells the store that a gateway has made for itself: nobody shares it and it cannot fail, so there is nothing to repeat and no lease to
 * lose, and nothing has to be remembered beside it.
 */
export class OwnPresence implements PresenceTeller {
  constructor(
    private readonly store: PresenceStore,
    private readonly nodeId: string,
    /** `timings.presenceLeaseMs`. */
    private readonly leaseMs: number,
  ) {}

  enter(groupId: string, { memberId, role, principal, metadataText, state }: MemberRecord): MaybePromise<void> {
    return this.store.enter(groupId, { memberId, nodeId: this.nodeId, role, principal, metadataText, state });
  }

  tell(groupId: string, record: MemberRecord): void {
    void this.enter(groupId, record);
  }

  leave(groupId: string, memberId: string): void {
    void this.store.leave(groupId, memberId);
  }

  /** What the store forgets with time, it forgets when it is touched. */
  sweep(): void {
    void this.store.touch(this.nodeId, this.leaseMs);
  }

  async close(): Promise<void> {}
}
