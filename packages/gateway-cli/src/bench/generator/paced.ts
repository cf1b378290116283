import type { Publisher } from './publisher.js';

/** A timer that is later than this is a generator that falls behind, not the coarseness of timers. */
const LATE_MS = 5;

/**
 * Publishes at a fixed rate over all publishers, in turns, whatever the server does. The latency of a message that could not leave
 * when it was due counts from then, so a generator that falls behind is seen (no coordinated omission).
 */
export class Paced {
  /** Messages that were due while their publisher had its most in flight, or no publisher was connected; they were not sent. */
  skipped = 0;
  private readonly publishers: readonly Publisher[];
  private readonly ratePerSecond: number;
  private turn = 0;

  /** `ratePerSecond`: messages published per second, over all publishers. */
  constructor(publishers: readonly Publisher[], ratePerSecond: number) {
    this.publishers = publishers;
    this.ratePerSecond = ratePerSecond;
  }

  /** Publishes for `durationMs`, or until `signal` says stop; resolves then, whether the last message has arrived or not. */
  run(durationMs: number, signal?: AbortSignal): Promise<void> {
    const start = performance.now();
    const total = Math.max(1, Math.floor((durationMs * this.ratePerSecond) / 1000));
    let count = 0;
    // Multiplied, not added up: a sum of intervals drifts.
    const due = () => start + (count * 1000) / this.ratePerSecond;
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const tick = () => {
        const now = performance.now();
        for (; count < total && due() <= now; count++) this.publish(due(), now);
        for (const publisher of this.publishers) publisher.flush();
        timer = count < total ? setTimeout(tick, Math.max(1, due() - now)) : setTimeout(end, start + durationMs - now);
      };
      let timer = setTimeout(tick, 0);
      signal?.addEventListener('abort', end);
      if (signal?.aborted) end();
    });
  }

  private publish(due: number, now: number): void {
    const publisher = this.nextConnected();
    if (publisher === undefined || publisher.ledger.inFlight >= publisher.ledger.inFlightMax) this.skipped++;
    else publisher.publish(now - due > LATE_MS ? due : now);
  }

  private nextConnected(): Publisher | undefined {
    for (let tried = 0; tried < this.publishers.length; tried++) {
      const publisher = this.publishers[this.turn]!;
      this.turn = (this.turn + 1) % this.publishers.length;
      if (publisher.isConnected) return publisher;
    }
    return undefined;
  }
}
