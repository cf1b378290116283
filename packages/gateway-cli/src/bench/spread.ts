import { DEFAULT_LIMITS } from 'gateway-core';

/** What an envelope adds to the data of a message, at most. */
const ENVELOPE_BYTES = 200;
/** A connection publishes at most this part of what a gateway allows it by default: heartbeats count too, and timers are not exact. */
const SHARE = 0.5;

/** What one connection publishes. */
export interface Share {
  messagesPerSecond: number;
  bytesPerSecond: number;
}

/**
 * How many members of each group publish, so that none comes near the rate limits that a gateway has by default.
 * It may take more members than there are, see {@link shareOf}.
 */
export function publishersPerGroup(load: { connections: number; groups: number; rate: number; size: number }): number {
  const { connections, groups, rate, size } = load;
  const forMessages = rate / (DEFAULT_LIMITS.messagesPerSecondMax * SHARE);
  const forBytes = (rate * (size + ENVELOPE_BYTES)) / (DEFAULT_LIMITS.bytesPerSecondMax * SHARE);
  const wanted = Math.ceil(Math.max(forMessages, forBytes) / groups);
  return Math.max(1, Math.min(wanted, Math.floor(connections / groups)));
}

/** What each of so many publishers has to send. */
export function shareOf(load: { rate: number; size: number }, publishers: number): Share {
  const messagesPerSecond = load.rate / publishers;
  return { messagesPerSecond, bytesPerSecond: messagesPerSecond * (load.size + ENVELOPE_BYTES) };
}

/** Whether a gateway with default limits would refuse some of it as `RATE_LIMITED`. */
export function isOverDefaultLimits({ messagesPerSecond, bytesPerSecond }: Share): boolean {
  return messagesPerSecond > DEFAULT_LIMITS.messagesPerSecondMax || bytesPerSecond > DEFAULT_LIMITS.bytesPerSecondMax;
}
