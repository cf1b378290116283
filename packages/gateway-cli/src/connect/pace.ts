import type { Clock } from 'gateway-core';
import type { ReadyLimits } from 'gateway-protocol';

/** Part of what a gateway allows that is used: its own heartbeats and what was sent before have to fit in as well. */
const SHARE = 0.9;
/** Messages that may leave at once. */
const BURST = 8;
const RATE_MIN = 0.01;
const HOLD_MAX_MS = 60_000;

/** Sends as fast as a gateway allows one connection to. */
export class Pace {
  #messagesPerSecondMax = 0;
  #bytesPerSecondMax = 0;
  #freeAt = 0;

  constructor(private readonly clock: Pick<Clock, 'monotonicMs' | 'setTimeout'>) {}

  /** What the last `ready` said; 0 is no limit, and so is what makes no sense. */
  allow({ messagesPerSecondMax, bytesPerSecondMax }: Partial<ReadyLimits> = {}): void {
    this.#messagesPerSecondMax = sensible(messagesPerSecondMax, RATE_MIN, Number.MAX_VALUE);
    this.#bytesPerSecondMax = sensible(bytesPerSecondMax, RATE_MIN, Number.MAX_VALUE);
  }

  /** Nothing leaves for so long. */
  hold(ms: number): void {
    this.#freeAt = Math.max(this.#freeAt, this.clock.monotonicMs() + sensible(ms, 0, HOLD_MAX_MS));
  }

  /** Resolves when a message of so many bytes may leave. In the order of the calls. */
  async turn(bytes: number): Promise<void> {
    const [messagesPerSecondMax, bytesPerSecondMax] = [this.#messagesPerSecondMax, this.#bytesPerSecondMax];
    const each = messagesPerSecondMax === 0 ? 0 : 1_000 / (SHARE * messagesPerSecondMax);
    const own = bytesPerSecondMax === 0 ? 0 : (1_000 * bytes) / (SHARE * bytesPerSecondMax);
    const now = this.clock.monotonicMs();
    this.#freeAt = Math.max(this.#freeAt, now) + Math.max(each, own);
    const wait = this.#freeAt - now - BURST * each;
    if (wait > 0) await new Promise<void>((resolve) => void this.clock.setTimeout(resolve, wait));
  }
}

/** A number that a gateway has said, as far as it can be kept to. */
function sensible(value: unknown, min: number, max: number): number {
  return typeof value === 'number' && value >= min ? Math.min(value, max) : 0;
}
