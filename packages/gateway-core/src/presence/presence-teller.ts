import type { MaybePromise } from '../maybe-promise.js';
import type { MemberRecord } from './kept-members.js';

/** Tells a presence store of this gateway's members. */
export interface PresenceTeller {
  /** Says that the member is in the group, or what is new of it. Where the store fails, so does this. */
  enter(groupId: string, record: MemberRecord): MaybePromise<void>;
  /** As `enter`, where nobody waits for it. */
  tell(groupId: string, record: MemberRecord): void;
  /** Says that the member has left the group; where `generation` is given, also of one that this gateway has never entered there. */
  leave(groupId: string, memberId: string, generation?: number): void;
  /** Says nothing more of the member, unless it is told to: another gateway has it. */
  forget(groupId: string, memberId: string): void;
  /** Says `record` where that is not what was said last. */
  confirm(groupId: string, record: MemberRecord): void;
  sweep(now: number): void;
  /** Waits for what is under way. Members that are not taken out stay for `staysMs`, or for what is left of the lease. */
  close(staysMs?: number): Promise<void>;
}
