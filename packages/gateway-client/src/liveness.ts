import { Alarm } from './alarm.js';
import type { ClientClock } from './clock.js';
import type { ClientTimings } from './options.js';

/** A beat this late has slept with its machine: whether the path is still there is asked with less patience. */
const SLEPT_MS = 5_000;

/** What it needs of its connection. */
export interface LivenessHost {
  sendHeartbeat(): void;
  /** Nothing was heard after a heartbeat: the connection is dead, whatever its socket says. */
  silent(): void;
}

/**
 * Whether the other end is still there. The timer of the next heartbeat is set in socket events only, never by a timer: browsers slow down
 * timers that set one another to one a minute in hidden pages.
 */
export class Liveness {
  readonly #beat: Alarm;
  readonly #ack: Alarm;
  #intervalMs = 0;
  #armedAt = 0;
  #sentAt = 0;
  #awaits = false;

  constructor(
    private readonly clock: ClientClock,
    private readonly timings: ClientTimings,
    private readonly host: LivenessHost,
  ) {
    this.#beat = new Alarm(clock);
    this.#ack = new Alarm(clock);
  }

  start(intervalMs: number): void {
    this.stop();
    this.#intervalMs = intervalMs;
    this.#sentAt = this.clock.monotonicMs();
    this.#arm(this.#sentAt);
  }

  stop(): void {
    this.#intervalMs = 0;
    this.#awaits = false;
    this.#beat.clear();
    this.#ack.clear();
  }

  /** Something was received, in a socket event. */
  heard(): void {
    if (this.#intervalMs === 0) return;
    const now = this.clock.monotonicMs();
    this.#awaits = false;
    this.#ack.clear();
    // Not for each of many messages.
    if (now - this.#armedAt >= this.#intervalMs / 4) this.#arm(now);
    if (now - this.#sentAt >= this.#intervalMs) this.#send();
  }

  /** Something was sent. */
  said(): void {
    this.#sentAt = this.clock.monotonicMs();
  }

  /** Asks whether the other end is still there. */
  probe(timeoutMs = this.timings.probeTimeoutMs): void {
    if (this.#intervalMs === 0) return;
    this.#awaits = true;
    this.#send();
    if (!this.#awaits) return;
    this.#ack.setWithGrace(timeoutMs, () => {
      if (this.#awaits) this.host.silent();
    });
  }

  #send(): void {
    this.said();
    this.host.sendHeartbeat();
  }

  #arm(now: number): void {
    this.#armedAt = now;
    this.#beat.set(this.#intervalMs, (lateMs) => {
      this.#armedAt = Number.NEGATIVE_INFINITY;
      this.probe(lateMs >= SLEPT_MS ? this.timings.probeTimeoutMs : this.timings.ackTimeoutMs);
    });
  }
}
