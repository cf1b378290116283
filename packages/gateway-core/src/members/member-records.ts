import type { Clock } from '../clock.js';
import { fingerprintOf, type Identity, isHere, type Resumable } from './member.js';
import type { StoredMember, StoredPlace } from './member-store.js';

/** All of a record but its groups. */
const PLAIN = [
  'memberId',
  'generation',
  'nodeId',
  'tokenHash',
  'usedTokenHash',
  'role',
  'metadataText',
  'user',
  'state',
  'resumeTtlMs',
] as const;

/** Members as a member store is told of them. */
export class MemberRecords {
  readonly #users = new WeakMap<Identity, string>();
  /** Of members that were left to other gateways. */
  readonly #kept = new WeakMap<Resumable, StoredMember>();

  constructor(
    private readonly clock: Clock,
    private readonly options: { isShared: boolean; resumeTtlMs: number },
  ) {}

  /** What is true of a member; `undefined` where it has ended. */
  of(member: Resumable, nodeId: string): StoredMember | undefined {
    const { tokenHash } = member.resume;
    return tokenHash === undefined || !isHere(member) ? this.#kept.get(member) : this.#of(member, tokenHash, nodeId);
  }

  /** Whether that is all that is true of the member. */
  isSaid(member: Resumable, nodeId: string, stored: StoredMember): boolean {
    const record = this.of(member, nodeId);
    if (record === undefined || record.groups.length !== stored.groups.length) return false;
    if (!PLAIN.every((name) => record[name] === stored[name])) return false;
    return record.groups.every(({ groupId, assigned = false, stateText }, at) => {
      const place = stored.groups[at] as StoredPlace;
      return groupId === place.groupId && assigned === (place.assigned ?? false) && stateText === place.stateText;
    });
  }

  /** From now on it is what it is now, though it is no member here any more. */
  keep(member: Resumable, nodeId: string): void {
    const record = this.of(member, nodeId);
    if (record !== undefined) this.#kept.set(member, record);
  }

  #of({ memberId, identity, memberships, droppedAt, resume }: Resumable, tokenHash: string, nodeId: string): StoredMember {
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
