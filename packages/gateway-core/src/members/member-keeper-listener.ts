import type { Resumable } from './member.js';

/** What the keeper asks of the members of its gateway, and tells of them. */
export interface MemberKeeperListener {
  all(): Iterable<Resumable>;
  /** The store has it in another generation. */
  replaced(member: Resumable): void;
  /** Another gateway has taken it over, in this generation. */
  overtaken(memberId: string, generation: number): void;
  failed(error: unknown, where: string): void;
}
