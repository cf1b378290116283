import type { Publisher } from './publisher.js';

/** When a run of a {@link ClosedLoop} stops publishing; the first that comes. */
export interface RunLimit {
  durationMs?: number | undefined;
  messages?: number | undefined;
}

/**
 * Keeps `window` messages in flight over all groups, in turns: as soon as one has reached all members of its group, the next
 * group in line publishes. Full rate, and never more than the server can take.
 */
export class ClosedLoop {
  private readonly window: number;
  private readonly publishers: readonly Publisher[];
  /** Publishers that may publish, longest idle first. */
  private readonly line: Publisher[];
  private readonly perGroupMax: number;
  private inFlight = 0;
  /** Messages that may still be published in this run. */
  private left = 0;
  private scheduled = false;
  private drained: () => void = () => {};

  constructor(publishers: readonly Publisher[], window: number) {
    this.window = window;
    this.publishers = publishers;
    this.line = [...publishers];
    this.perGroupMax = Math.ceil(window / publishers.length);
  }

  /** Publishes at full rate up to `limit`; resolves when everything published has arrived everywhere. */
  run({ durationMs, messages = Number.POSITIVE_INFINITY }: RunLimit): Promise<void> {
    for (const publisher of this.publishers) publisher.ledger.onComplete = () => this.completed(publisher);
    this.left = messages;
    if (durationMs !== undefined) setTimeout(() => this.stop(), durationMs);
    this.schedule();
    return new Promise((resolve) => {
      this.drained = resolve;
    });
  }

  private stop(): void {
    this.left = 0;
    if (this.inFlight === 0) this.drained();
  }

  private completed(publisher: Publisher): void {
    this.inFlight--;
    // At its share before this one arrived, so it was not in line.
    if (publisher.ledger.inFlight === this.perGroupMax - 1) this.line.push(publisher);
    if (this.left > 0) this.schedule();
    else if (this.inFlight === 0) this.drained();
  }

  /** Fills the window once per turn, so that messages that completed together leave together. */
  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.fill());
  }

  private fill(): void {
    this.scheduled = false;
    const now = performance.now();
    const used = new Set<Publisher>();
    for (; this.left > 0 && this.inFlight < this.window; this.left--) {
      const publisher = this.line.shift()!;
      publisher.publish(now);
      this.inFlight++;
      used.add(publisher);
      if (publisher.ledger.inFlight < this.perGroupMax) this.line.push(publisher);
    }
    for (const publisher of used) publisher.flush();
  }
}
