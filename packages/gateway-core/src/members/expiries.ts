import type { Clock } from '../clock.js';
import { type MaybePromise, whenKnown } from '../maybe-promise.js';
import type { Asker } from './asker.js';
import type { Resumable } from './member.js';
import type { MemberStore } from './member-store.js';

/** Members that a store is asked for at once. */
const ASKED_MAX = 1_000;
/** Before a store that failed is asked again, in milliseconds. */
const RETRY_MS = 1_000;

/** `busy`: the store was not asked, or has failed. */
export type Expiry = 'expired' | 'open' | 'replaced' | 'busy';

/**
 * Asks a store whether the time of dropped members is over: for each one at a time, for so many together; and while it fails for one of
 * them a second, for it would fail for all who have ever dropped.
 */
export class Expiries {
  readonly #asked = new Set<Resumable>();
  #isFailing = false;
  /** In monotonic milliseconds. */
  #retryAt = 0;

  constructor(
    private readonly store: MemberStore,
    private readonly clock: Clock,
    private readonly asker: Asker,
  ) {}

  ask(member: Resumable): MaybePromise<Expiry> {
    const max = this.#isFailing ? 1 : ASKED_MAX;
    if (this.#asked.size >= max || this.#asked.has(member) || this.clock.monotonicMs() < this.#retryAt) return 'busy';
    this.#asked.add(member);
    const failed = () => {
      this.#isFailing = true;
      this.#retryAt = this.clock.monotonicMs() + RETRY_MS;
    };
    const { memberId, resume } = member;
    const asking = this.asker.ask<Expiry, Expiry>(
      'members.expire',
      () => this.store.expire(memberId, resume.generation),
      'busy',
      failed,
    );
    return whenKnown(asking, (answer) => {
      this.#asked.delete(member);
      if (answer !== 'busy') this.#isFailing = false;
      return answer;
    });
  }
}
