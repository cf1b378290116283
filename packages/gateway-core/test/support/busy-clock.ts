import type { Gateway } from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { RecordingSocket } from './recording-socket.js';

/** Time that work takes: it stands still but for what `spend` says, and each task of the end of a turn is timed. */
export class BusyClock extends FakeClock {
  #spentMs = 0;
  /** The longest that the event loop was held, in milliseconds. */
  longestMs = 0;
  /** How often it was held at all. */
  tasks = 0;
  /** Runs after each task: what sockets bring between two slices. */
  between: () => void = () => {};

  override monotonicMs(): number {
    return super.monotonicMs() + this.#spentMs;
  }

  spend(ms: number): void {
    this.#spentMs += ms;
  }

  override setImmediate(task: () => void): void {
    super.setImmediate(() => {
      const before = this.#spentMs;
      task();
      this.longestMs = Math.max(this.longestMs, this.#spentMs - before);
      if (this.#spentMs > before) this.tasks += 1;
      this.between();
    });
  }
}

/** A socket of which each write takes time, as system calls do. */
export class CostlySocket extends RecordingSocket {
  constructor(
    gateway: Gateway,
    private readonly clock: BusyClock,
    private readonly costMs: number,
  ) {
    super(gateway);
  }

  override write(frames: Buffer): boolean {
    // The constructor of the base class has already been written to.
    if (this.clock !== undefined) this.clock.spend(this.costMs);
    return super.write(frames);
  }
}
