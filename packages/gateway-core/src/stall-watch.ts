import type { Clock } from './clock.js';

/** After so many ticks that did not come the event loop was blocked. What comes of shorter blocks is within every burst. */
const STILL_TICKS = 2;

/** Notices that the event loop stood still, before what piled up meanwhile is charged to anybody. */
export class StallWatch {
  /** When the timer last ran, or it was noticed that it could not, in monotonic milliseconds. */
  #awakeAt: number;

  constructor(
    private readonly clock: Clock,
    private readonly tickMs: number,
    /** Who is told for how long, in milliseconds. */
    private readonly listeners: () => Iterable<{ stoodStill(stillMs: number, now: number): void }>,
  ) {
    this.#awakeAt = clock.monotonicMs();
  }

  /** To be called every `tickMs`, by a timer: after a block timers run before the sockets are read. */
  tick(): void {
    const now = this.clock.monotonicMs();
    this.awake(now);
    this.#awakeAt = now;
  }

  /** To be called with everything that is heard: the block may have come in the middle of the reading. */
  awake(now: number): void {
    const stillMs = now - this.#awakeAt;
    if (stillMs <= this.tickMs * STILL_TICKS) return;
    this.#awakeAt = now;
    for (const listener of this.listeners()) listener.stoodStill(stillMs, now);
  }
}
