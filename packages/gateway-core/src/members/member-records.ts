import type { Clock } from '../clock.js';
import { fingerprintOf, type Identity, type Resumable } from './member.js';
import type { StoredMember } from './member-store.js';

/** Members as a member store is told of them. */
export class MemberRecords {
  readonly #users = new WeakMap<Identity, string>();

  constructor(
    private readonly clock: Clock,
    private readonly options: { isShared: boolean; resumeTtlMs: number },
  ) {}

  of({ memberId, identity, memberships, droppedAt, resume }: Resumable, tokenHash: string, nodeId: string): StoredMember {
    const { isShared, resumeTtlMs } = this.options;
    const isDropped = droppedAt !== undefined;
    return {
      memberId,
      generation: resume.generation,
      nodeId,
      tokenHash,
      usedTokenHash: resume.usedHash,
      role: identity.role,
      metadataText: identity.metadataText,
      // Who has a store for itself asks it for nothing that it knows.
      user: isShared ? this.#userOf(identity) : '',
      groups: isShared
        ? memberships.map(({ group, assigned, stateText }) => ({
            groupId: group.groupId,
            assigned: assigned || undefined,
            stateText,
          }))
        : [],
      state: isDropped ? 'dropped' : 'connected',
      resumeTtlMs: isDropped ? Math.max(0, droppedAt + resumeTtlMs - this.clock.monotonicMs()) : resumeTtlMs,
    };
  }

  #userOf(identity: Identity): string {
    const known = this.#users.get(identity) ?? fingerprintOf(identity);
    this.#users.set(identity, known);
    return known;
  }
}
