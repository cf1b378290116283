import type { ResetReason, SyncOutcome } from 'gateway-protocol';

/** What a receiver of dialect 2 is written before anything live: the log up to `to`, and then how that went (PROTOCOL.md, "Resume"). */
export interface Replay {
  to: number;
  outcome: SyncOutcome;
  reason: ResetReason | undefined;
  /** Messages written so far. */
  replayed: number;
}
