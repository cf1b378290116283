import type { HeartbeatAckPayload } from 'gateway-protocol';
import type { Context } from './context.js';
import { GatewayClientError } from './errors.js';

/** Weight of the newest round trip in the average, as in TCP (RFC 6298 §2). */
const WEIGHT = 1 / 8;

/** Heartbeats and their answers. */
export class RoundTrips {
  #rttMs: number | undefined;
  readonly #waiting = new Set<{ resolve(rttMs: number): void; reject(error: GatewayClientError): void }>();

  constructor(private readonly context: Context) {}

  /** @param beat sends a heartbeat. */
  ask(beat: () => void): Promise<number> {
    const { deadlines, timings } = this.context;
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      this.#waiting.add(waiter);
      const undo = deadlines.add(timings.ackTimeoutMs, () => waiter.reject(new GatewayClientError('TIMEOUT', 'no answer')));
      waiter.resolve = (rttMs) => {
        undo();
        resolve(rttMs);
      };
      waiter.reject = (error) => {
        undo();
        this.#waiting.delete(waiter);
        reject(error);
      };
      beat();
    });
  }

  /** @returns the average, in milliseconds. */
  answered({ echoTs }: HeartbeatAckPayload): number | undefined {
    if (echoTs === undefined) return this.#rttMs;
    const rttMs = Math.max(this.context.clock.now() - echoTs, 0);
    this.#rttMs = this.#rttMs === undefined ? rttMs : this.#rttMs + (rttMs - this.#rttMs) * WEIGHT;
    for (const waiter of this.#waiting) waiter.resolve(rttMs);
    this.#waiting.clear();
    return this.#rttMs;
  }

  stop(error: GatewayClientError): void {
    this.#rttMs = undefined;
    for (const waiter of [...this.#waiting]) waiter.reject(error);
  }
}
