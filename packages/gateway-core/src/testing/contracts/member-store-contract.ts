import type { MaybePromise } from '../../maybe-promise.js';
import type { MemberStore } from '../../members/member-store.js';
import { type ContractClaim, type ContractHarness, onFresh } from './contract.js';
import { memberClaims } from './member-claims.js';
import { nodeClaims, windowClaims } from './member-sharing-claims.js';

/** How to get hold of one implementation of {@link MemberStore}, and of its time. */
export interface MemberStoreHarness extends ContractHarness<MemberStore> {
  /** Lets `ms` milliseconds pass for the store. */
  advance(ms: number): MaybePromise<void>;
}

/**
 * What every {@link MemberStore} promises, as claims for any test runner.
 * @example
 * const clock = new FakeClock();
 * const claims = memberStoreContract({ create: () => new MemoryMemberStore({ clock }), advance: (ms) => clock.advance(ms) });
 * for (const { name, run } of claims) test(name, run);
 */
export function memberStoreContract(harness: MemberStoreHarness): ContractClaim[] {
  return Object.entries({ ...memberClaims, ...windowClaims, ...nodeClaims }).map(([name, claim]) => ({
    name,
    run: () => onFresh(harness, (store, other) => claim(store, other, (ms) => harness.advance(ms))),
  }));
}
