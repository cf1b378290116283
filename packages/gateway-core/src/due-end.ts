import type { Connection } from './connection.js';
import { END_CAUSES, type EndCause } from './end-causes.js';
import type { Timings } from './timings.js';

/** Why a connection is to end now, by the clock; `undefined`: for no such reason. */
export function dueEnd(connection: Connection, timings: Timings, monotonicMs: number, now: number): EndCause | undefined {
  const { heartbeatTimeoutMs, identifyTimeoutMs, slowConsumerTimeoutMs } = timings;
  const {
    expiresAt,
    state,
    busy,
    createdAtMonotonic,
    identifyFrom = createdAtMonotonic,
    identifyRefused,
    overMarkSince,
  } = connection;
  if (expiresAt !== undefined && expiresAt <= now) return END_CAUSES.expired;
  if (connection.silentMs(monotonicMs) >= heartbeatTimeoutMs) return END_CAUSES.silent;
  if (state === 'open' && !busy && monotonicMs - identifyFrom >= identifyTimeoutMs) {
    return identifyRefused ? END_CAUSES.identifyRefused : END_CAUSES.notIdentified;
  }
  const isStuck = slowConsumerTimeoutMs > 0 && monotonicMs - (overMarkSince ?? monotonicMs) >= slowConsumerTimeoutMs;
  return isStuck ? END_CAUSES.tooSlow : undefined;
}
