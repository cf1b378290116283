import type { ResetReason, ResumeSince, SyncOutcome } from 'gateway-protocol';

/** What a receiver of dialect 2 is written before anything live: the log up to `to`, and then how that went (PROTOCOL.md, "Resume"). */
export interface Replay {
  to: number;
  outcome: SyncOutcome;
  reason: ResetReason | undefined;
  /** Messages written so far. */
  replayed: number;
}

/** A log, as far as it matters to where a receiver begins. */
export interface LogExtent {
  readonly epoch: string;
  /** `seq` of its oldest message; one after the head where there is none. */
  readonly firstSeq: number;
  readonly headSeq: number;
}

/**
 * Where a receiver begins: after `since`, if the log can bring it from there to its head without a hole, else at the last messages that it
 * asks for, else at the head.
 */
export function beginningOf(log: LogExtent, since: ResumeSince = {}): Pick<Replay, 'outcome' | 'reason'> & { cursor: number } {
  const { epoch, seq, tail = 0 } = since;
  const cursor = Math.max(log.headSeq - tail, log.firstSeq - 1);
  if (epoch === undefined || seq === undefined) return { cursor, outcome: 'live', reason: undefined };
  const reason = missing(log, epoch, seq);
  return reason === undefined ? { cursor: seq, outcome: 'recovered', reason } : { cursor, outcome: 'reset', reason };
}

function missing(log: LogExtent, epoch: string, seq: number): ResetReason | undefined {
  if (epoch !== log.epoch) return 'epoch';
  if (seq > log.headSeq) return 'ahead';
  return seq >= log.firstSeq - 1 ? undefined : 'trimmed';
}
