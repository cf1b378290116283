import type { Broker } from '../../broker/broker.js';
import type { MaybePromise } from '../../maybe-promise.js';
import { brokerClaims } from './broker-claims.js';
import { brokerFenceClaims } from './broker-fence-claims.js';
import { brokerGatewayClaims } from './broker-gateway-claims.js';
import { brokerHistoryClaims } from './broker-history-claims.js';
import { brokerIdempotencyClaims } from './broker-idempotency-claims.js';
import {
  forgottenLogClaims,
  lostLogClaims,
  renewedLogClaims,
  rolledBackLogClaims,
  shortHistoryClaims,
} from './broker-loss-claims.js';
import { type ContractClaim, type ContractHarness, onFresh } from './contract.js';

/** How to get hold of one implementation of {@link Broker}. What is optional is a capability: its claims are made only of a broker whose harness has it. */
export interface BrokerHarness extends ContractHarness<Broker> {
  /** Publishes (to the given group or to others) until `history` no longer reaches back to the group's first entry. */
  outgrowHistory?(broker: Broker, groupId: string): MaybePromise<void>;
  /** Makes the broker forget a group that nobody is subscribed to. */
  forgetLog?(broker: Broker, groupId: string): MaybePromise<void>;
  /** Makes the broker lose the log of a group that somebody is subscribed to. */
  loseLog?(broker: Broker, groupId: string): MaybePromise<void>;
  /** Makes the log of a group that somebody is subscribed to go on under another epoch. */
  renewLog?(broker: Broker, groupId: string): MaybePromise<void>;
  /** Makes the broker lose the newest entry of a group, and nothing else. */
  rollBack?(broker: Broker, groupId: string): MaybePromise<void>;
  /** Puts a member in generation 1 into the store that the broker looks at, and has another gateway take it over, into generation 2. */
  moveMember?(broker: Broker, memberId: string): MaybePromise<void>;
}

/**
 * What every {@link Broker} promises, as claims for any test runner. Its `history` must reach back 50 small entries at least, and its memory of
 * idempotency keys as many.
 * @example
 * const claims = brokerContract({ create: () => new MemoryBroker() });
 * for (const { name, run } of claims) test(name, run);
 */
export function brokerContract(harness: BrokerHarness): ContractClaim[] {
  const { outgrowHistory, forgetLog, loseLog, renewLog, rollBack, moveMember } = harness;
  const claims = {
    ...brokerClaims,
    ...brokerHistoryClaims,
    ...brokerIdempotencyClaims,
    ...(outgrowHistory && shortHistoryClaims((broker, groupId) => outgrowHistory(broker, groupId))),
    ...(forgetLog && forgottenLogClaims((broker, groupId) => forgetLog(broker, groupId))),
    ...(loseLog && lostLogClaims((broker, groupId) => loseLog(broker, groupId))),
    ...(renewLog && renewedLogClaims((broker, groupId) => renewLog(broker, groupId))),
    ...(rollBack && rolledBackLogClaims((broker, groupId) => rollBack(broker, groupId))),
    ...(moveMember && brokerFenceClaims((broker, memberId) => moveMember(broker, memberId))),
    ...brokerGatewayClaims,
  };
  return Object.entries(claims).map(([name, claim]) => ({ name, run: () => onFresh(harness, claim) }));
}
