import type { ResetReason, ResumeSince, SyncOutcome } from 'gateway-protocol';
import type { FormerEpochs } from './former-epochs.js';

/** What a receiver of dialect 2 is written before anything live: the log up to `to`, and then how that went (PROTOCOL.md, "Resume"). */
export interface Replay {
  to: number;
  outcome: SyncOutcome;
  reason: ResetReason | undefined;
  /** The last messages of the log that are asked for where the rest of it cannot be had; 0 for none. */
  readonly tail: number;
  /** Messages written so far, up to the cursor without a hole. */
  replayed: number;
}

/** A log, as far as it matters to where a receiver begins. */
export interface LogExtent {
  readonly epoch: string;
  /** `seq` of its oldest message; one after the head where there is none. */
  readonly firstSeq: number;
  readonly headSeq: number;
  /** Earlier epochs of the same log. */
  readonly formers?: FormerEpochs | undefined;
}

/** Where a receiver begins, and why there. */
export type Beginning = Pick<Replay, 'outcome' | 'reason' | 'tail'> & { cursor: number };

/**
 * Where a receiver begins: after `since`, if the log can bring it from there to its head without a hole, else at the last messages that it
 * asks for, else at the head.
 */
export function beginningOf(log: LogExtent, since: ResumeSince = {}): Beginning {
  const { epoch, seq, tail = 0 } = since;
  const cursor = tailStart(log, log.headSeq, tail);
  if (epoch === undefined || seq === undefined) return { cursor, outcome: 'live', reason: undefined, tail };
  const reason = missing(log, epoch, seq);
  return reason === undefined ? { cursor: seq, outcome: 'recovered', reason, tail } : { cursor, outcome: 'reset', reason, tail };
}

/** Before the last `tail` messages up to `to`, or before the oldest that the log has. */
export function tailStart({ firstSeq }: Pick<LogExtent, 'firstSeq'>, to: number, tail: number): number {
  return Math.max(to - tail, firstSeq - 1);
}

function missing(log: LogExtent, epoch: string, seq: number): ResetReason | undefined {
  if (epoch !== log.epoch) {
    const verdict = log.formers?.verdict(epoch, seq);
    if (verdict !== 'ok') return verdict ?? 'epoch';
  }
  if (seq > log.headSeq) return 'ahead';
  return seq >= log.firstSeq - 1 ? undefined : 'trimmed';
}
