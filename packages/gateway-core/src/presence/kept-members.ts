import type { PresenceMember } from './presence-store.js';

/** A member as its gateway says it; the node is added where the store is told. */
export type MemberRecord = Omit<PresenceMember, 'nodeId'>;

/** Whether two records say the same of a member. Its generation says nothing of it: it only tells a late call from a newer one. */
export function isSame(a: MemberRecord | undefined, b: MemberRecord): boolean {
  if (a === undefined || a.role !== b.role || a.principal !== b.principal || a.state !== b.state) return false;
  return a.metadataText === b.metadataText && a.stateText === b.stateText;
}

/** What the store should say of one member of one group. */
export interface Kept {
  readonly groupId: string;
  readonly memberId: string;
  /** `undefined`: that it has left. */
  record: MemberRecord | undefined;
  /** Of the last record. */
  generation: number | undefined;
  /** Which change was its last; changes are counted. */
  version: number;
}

/** What the store should say of this node's members: those in a group, and those that have left as long as the store was not told. */
export class KeptMembers {
  readonly #groups = new Map<string, Map<string, Kept>>();
  #version = 0;
  /** Members that have left. */
  unsaidLeaves = 0;

  get(groupId: string, memberId: string): Kept | undefined {
    return this.#groups.get(groupId)?.get(memberId);
  }

  /** One that is not known yet is one that has left. */
  getOrAdd(groupId: string, memberId: string, generation?: number): Kept {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      group = new Map();
      this.#groups.set(groupId, group);
    }
    let kept = group.get(memberId);
    if (kept === undefined) {
      kept = { groupId, memberId, record: undefined, generation, version: 0 };
      this.unsaidLeaves += 1;
      group.set(memberId, kept);
    }
    return kept;
  }

  /** @returns the version. */
  change(kept: Kept, record: MemberRecord | undefined, generation = record?.generation): number {
    if (kept.record === undefined) this.unsaidLeaves -= 1;
    if (record === undefined) this.unsaidLeaves += 1;
    kept.record = record;
    kept.generation = generation ?? kept.generation;
    this.#version += 1;
    kept.version = this.#version;
    return kept.version;
  }

  /** Drops one that has left. */
  forget(kept: Kept): void {
    const group = this.#groups.get(kept.groupId);
    if (group?.get(kept.memberId) !== kept) return;
    this.unsaidLeaves -= 1;
    group.delete(kept.memberId);
    if (group.size === 0) this.#groups.delete(kept.groupId);
  }

  *values(): Generator<Kept> {
    for (const group of this.#groups.values()) yield* group.values();
  }
}
