import type { CloseAction } from 'gateway-protocol';

/** How long to wait between attempts, in milliseconds. */
export interface BackoffOptions {
  /** The first attempt after a stable connection: uniform in [0, `firstMs`), so that the clients of a gateway that dies spread. Default 1,000. */
  firstMs: number;
  /** The n-th attempt after it: uniform in [½, 1) × min(`maxMs`, `baseMs` · 2ⁿ⁻¹). Default 1,000. */
  baseMs: number;
  /** Default 30,000. The jitter lies below it, so that clients do not meet there. */
  maxMs: number;
  /** As `baseMs`, after a close that asks to back off (4100 to 4199). Default 10,000. */
  slowBaseMs: number;
  /** As `maxMs`, after such a close. Default 120,000. */
  slowMaxMs: number;
  /** How long a connection must be online before attempts are counted anew. Default 10,000. */
  stableMs: number;
  /** A rule of one's own instead. `attempt` is the number of attempts since the last stable connection; it answers milliseconds. Default: none. */
  delay?: ((attempt: number, action: CloseAction) => number) | undefined;
}

/** The defaults of {@link BackoffOptions}. */
export const DEFAULT_BACKOFF: Readonly<BackoffOptions> = {
  firstMs: 1_000,
  baseMs: 1_000,
  maxMs: 30_000,
  slowBaseMs: 10_000,
  slowMaxMs: 120_000,
  stableMs: 10_000,
};

/** How long to wait before the next attempt, in milliseconds. @param attempts since the last stable connection. */
export function delayBefore(options: BackoffOptions, attempts: number, action: CloseAction, random: () => number): number {
  if (options.delay !== undefined) return options.delay(attempts, action);
  const half = 0.5 + random() / 2;
  if (action === 'back-off') return half * Math.min(options.slowMaxMs, options.slowBaseMs * 2 ** attempts);
  if (attempts === 0) return (half * 2 - 1) * options.firstMs;
  return half * Math.min(options.maxMs, options.baseMs * 2 ** (attempts - 1));
}
