import { CLOSE_CODES, type ResetReason, type SyncOutcome } from 'gateway-protocol';
import type { Emitter } from './emitter.js';
import type { GatewayEvents } from './events.js';

/** Counts by a few names. */
export type Counts = Record<string, number>;

/** Of RFC 6455 §7.4.1, as clients and networks end connections; 1005 and 1006 are never sent. */
const STANDARD = [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011];
const KNOWN: ReadonlySet<number> = new Set([...STANDARD, ...Object.values(CLOSE_CODES).map(({ code }) => code)]);

/** Counts what happens rarely, by its kind: as many names as the contract has, whatever clients send. */
export class Tally {
  readonly closes: Counts = {};
  readonly errors: Counts = {};
  readonly syncs: Record<SyncOutcome, number> = { live: 0, recovered: 0, reset: 0 };
  readonly syncResets: Record<ResetReason, number> = { epoch: 0, trimmed: 0, ahead: 0 };
  resumes = 0;
  joins = 0;
  leaves = 0;
  /** Bytes that were handed to the sockets of connections that have ended. */
  bytesOut = 0;

  constructor(events: Emitter<GatewayEvents>) {
    events.on('disconnect', ({ code, bytesOut }) => {
      this.bytesOut += bytesOut;
      count(this.closes, nameOf(code));
    });
    events.on('refused', ({ code }) => count(this.errors, code));
    events.on('sync', ({ outcome, reason }) => {
      this.syncs[outcome] += 1;
      if (reason !== undefined) this.syncResets[reason] += 1;
    });
    events.on('resumed', () => {
      this.resumes += 1;
    });
    events.on('join', () => {
      this.joins += 1;
    });
    events.on('leave', () => {
      this.leaves += 1;
    });
  }
}

/** Clients may choose any code from 3000 on. */
function nameOf(code: number): string {
  if (KNOWN.has(code)) return String(code);
  return code >= 4_900 && code <= 4_999 ? '49xx' : 'other';
}

function count(counts: Counts, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
