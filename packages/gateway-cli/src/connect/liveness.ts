import type { Clock, TimerHandle } from 'gateway-core';

/** As short and as long an interval as is kept to, whatever a gateway asks for. */
const INTERVAL_MIN_MS = 100;
const INTERVAL_MAX_MS = 3_600_000;

/** Sends heartbeats, and notices that nothing is heard any more: a half-open connection says so by nothing else. */
export class Liveness {
  #timer: TimerHandle;
  #heard = false;
  #isPaused = false;

  constructor(
    private readonly clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>,
    private readonly listener: { beat(): void; silent(afterMs: number): void },
  ) {}

  /** On a new connection, something has to be heard within this time. */
  expect(withinMs: number): void {
    this.stop();
    this.#isPaused = false;
    this.#timer = this.clock.setTimeout(() => this.listener.silent(withinMs), withinMs);
  }

  /** A heartbeat is due every so often; between two of them something has to be heard. */
  start(intervalMs: number): void {
    this.stop();
    const everyMs = Math.min(Math.max(intervalMs, INTERVAL_MIN_MS), INTERVAL_MAX_MS);
    const beat = () => {
      if (!this.#heard && !this.#isPaused) return this.listener.silent(everyMs);
      this.#heard = false;
      this.listener.beat();
      this.#timer = this.clock.setTimeout(beat, everyMs);
    };
    this.#heard = true;
    this.#timer = this.clock.setTimeout(beat, everyMs);
  }

  heard(): void {
    this.#heard = true;
  }

  /** Nothing is read for now, so nothing can be heard. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#heard = true;
  }

  stop(): void {
    this.clock.clearTimeout(this.#timer);
  }
}
