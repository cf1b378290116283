import type { PresenceTeller } from '../presence/presence-teller.js';

interface Moved {
  readonly memberId: string;
  /** The one that was this gateway's. */
  readonly generation: number;
  readonly groupIds: readonly string[];
  /** In monotonic milliseconds. */
  readonly since: number;
}

/**
 * Members that another gateway has taken over. It enters them into presence by itself; but it may know nothing of a group that they came into in the
 * last moment, or die before it has. So their leave is said here in the end, in the generation that was this gateway's: the store ignores
 * it of who was entered since.
 */
export class MovedMembers {
  /** Longest ago first. */
  readonly #moved = new Set<Moved>();

  constructor(
    private readonly presence: PresenceTeller,
    private readonly options: { delayMs: number; countMax: number },
    private readonly isIn: (memberId: string, groupId: string) => boolean,
  ) {}

  add(moved: Moved): void {
    for (const groupId of moved.groupIds) this.presence.forget(groupId, moved.memberId);
    this.#moved.add(moved);
    if (this.#moved.size <= this.options.countMax) return;
    const [oldest] = this.#moved;
    this.#leave(oldest as Moved);
  }

  sweep(now: number): void {
    for (const moved of this.#moved) {
      if (now - moved.since < this.options.delayMs) return;
      this.#leave(moved);
    }
  }

  #leave(moved: Moved): void {
    this.#moved.delete(moved);
    const { memberId, generation, groupIds } = moved;
    // It may have come back.
    for (const groupId of groupIds) if (!this.isIn(memberId, groupId)) this.presence.leave(groupId, memberId, generation);
  }
}
