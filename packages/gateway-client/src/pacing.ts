import { type Context, createAlarm } from './context.js';

/** Of what the gateway allows: the rest is for heartbeats, joins and states. */
const SHARE = 0.9;
/** So much of what is allowed may go at once. */
const BURST_MS = 500;

/** How fast messages may go: what the gateway allows, so that it never has to refuse one. A debt is worked off before the next message. */
export interface Pacing {
  /** Takes the place of one message; `false`: not now. */
  take(bytes: number): boolean;
  /** Nothing goes for so long. */
  pause(forMs: number): void;
  stop(): void;
}

/** @param ready is called when messages may go again. */
export function createPacing(context: Context, ready: () => void): Pacing {
  const alarm = createAlarm(context);
  /** When everything that was sent is worked off. */
  let messagesAt = 0;
  let bytesAt = 0;
  let pausedUntil = 0;
  /** 0 is no limit. */
  const costMs = (units: number, perSecondMax = 0) => perSecondMax && (units * 1_000) / (perSecondMax * SHARE);

  return {
    take(bytes) {
      const now = context.clock.monotonicMs();
      const waitMs = Math.max(messagesAt - BURST_MS, bytesAt - BURST_MS, pausedUntil) - now;
      if (waitMs > 0) {
        alarm(waitMs, ready);
        return false;
      }
      const { messagesPerSecondMax, bytesPerSecondMax } = context.session.limits;
      messagesAt = Math.max(messagesAt, now) + costMs(1, messagesPerSecondMax);
      bytesAt = Math.max(bytesAt, now) + costMs(bytes, bytesPerSecondMax);
      return true;
    },
    pause(forMs) {
      pausedUntil = context.clock.monotonicMs() + forMs;
      alarm(forMs, ready);
    },
    stop() {
      alarm();
      pausedUntil = 0;
    },
  };
}
