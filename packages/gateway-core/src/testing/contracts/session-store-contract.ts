import type { MaybePromise } from '../../maybe-promise.js';
import type { SessionStore } from '../../sessions/session-store.js';
import { type ContractClaim, type ContractHarness, onFresh } from './contract.js';
import { sessionClaims } from './session-claims.js';
import { sessionEndClaims } from './session-end-claims.js';

/** How to get hold of one implementation of {@link SessionStore}, and of its time. */
export interface SessionStoreHarness extends ContractHarness<SessionStore> {
  /** Lets `ms` milliseconds pass for the store. */
  advance(ms: number): MaybePromise<void>;
}

/**
 * What every {@link SessionStore} promises, as claims for any test runner.
 * @example
 * const clock = new FakeClock();
 * const claims = sessionStoreContract({ create: () => new MemorySessionStore({ clock }), advance: (ms) => clock.advance(ms) });
 * for (const { name, run } of claims) test(name, run);
 */
export function sessionStoreContract(harness: SessionStoreHarness): ContractClaim[] {
  return Object.entries({ ...sessionClaims, ...sessionEndClaims }).map(([name, claim]) => ({
    name,
    run: () => onFresh(harness, (store, other) => claim(store, other, (ms) => harness.advance(ms))),
  }));
}
