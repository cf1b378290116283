import type { Membership } from '../groups/group.js';
import type { Member, Resumable } from './member.js';

export interface MembersOptions {
  resumeTtlMs: number;
  droppedMembersMax: number;
}

/** What becomes of members. */
export interface MembersReport {
  /** @param place that it had, with its books as they were then; none where it was in the group at another gateway. */
  left(member: Member, groupId: string, place?: Membership): void;
  /** Its connection has dropped, and it can come back. */
  detached(member: Member): void;
  /** It has not come back within its window. */
  expired(member: Member): void;
  /** Another gateway has it. */
  moved(member: Resumable): void;
  /** Nothing that its connection says counts any more: it is to be closed. */
  fenced(member: Resumable): void;
}
