import { Alarm } from './alarm.js';
import type { Context } from './context.js';

/** Of what the gateway allows: the rest is for heartbeats, joins and states. */
const SHARE = 0.9;

/** How fast messages may go: what the gateway allows, so that it never has to refuse one. A debt is worked off before the next message. */
export class Pacing {
  readonly #alarm: Alarm;
  #messagesPerMs = Number.POSITIVE_INFINITY;
  #bytesPerMs = Number.POSITIVE_INFINITY;
  /** When everything that was sent is worked off. */
  #messagesAt = 0;
  #bytesAt = 0;
  #pausedUntil = 0;

  /** @param ready is called when messages may go again. */
  constructor(
    private readonly context: Context,
    private readonly ready: () => void,
  ) {
    this.#alarm = new Alarm(context.clock);
  }

  /** 0 and `undefined` are no limit. */
  allow(messagesPerSecondMax = 0, bytesPerSecondMax = 0): void {
    const perMs = (perSecond: number) => (perSecond === 0 ? Number.POSITIVE_INFINITY : (perSecond * SHARE) / 1_000);
    this.#messagesPerMs = perMs(messagesPerSecondMax);
    this.#bytesPerMs = perMs(bytesPerSecondMax);
  }

  /** Takes the place of one message; `false`: not now, and `ready` will be called. */
  take(bytes: number): boolean {
    const now = this.context.clock.monotonicMs();
    // Half a second's worth may go at once.
    const waitMs = Math.max(this.#messagesAt - 500, this.#bytesAt - 500, this.#pausedUntil) - now;
    if (waitMs > 0) {
      this.#alarm.set(waitMs, () => this.context.dispatcher.enter(this.ready));
      return false;
    }
    this.#messagesAt = Math.max(this.#messagesAt, now) + 1 / this.#messagesPerMs;
    this.#bytesAt = Math.max(this.#bytesAt, now) + bytes / this.#bytesPerMs;
    return true;
  }

  /** Nothing goes for so long. */
  pause(forMs: number): void {
    this.#pausedUntil = this.context.clock.monotonicMs() + forMs;
    this.#alarm.set(forMs, () => this.context.dispatcher.enter(this.ready));
  }

  stop(): void {
    this.#alarm.clear();
    this.#pausedUntil = 0;
  }
}
