import type { Clock } from '../clock.js';
import type { Limits } from '../limits.js';
import { MemoryBroker } from './memory-broker.js';

/**
 * The broker that a gateway makes for itself. Alone on it, the gateway's own logs are all the history there is. What a client says again is
 * known for as long as they reach back.
 */
export function ownBroker({ logAgeMaxMs, logMessagesMax }: Limits, generateId: () => string, clock: Clock): MemoryBroker {
  return new MemoryBroker({
    historyMessagesMax: 0,
    historyAgeMaxMs: logAgeMaxMs,
    idempotencyKeysMax: Math.max(1_024, logMessagesMax),
    idleGroupsMax: 0,
    generateId,
    clock,
  });
}
