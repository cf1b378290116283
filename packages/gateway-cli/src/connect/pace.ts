import type { ReadyLimits } from 'gateway-protocol';

/** Part of what a gateway allows that is used: its own heartbeats and what was sent before have to fit in as well. */
const SHARE = 0.9;
/** Messages that may leave at once. */
const BURST = 8;

/** Sends as fast as a gateway allows one connection to. */
export class Pace {
  #limits: Pick<ReadyLimits, 'messagesPerSecondMax' | 'bytesPerSecondMax'> = { messagesPerSecondMax: 0, bytesPerSecondMax: 0 };
  #freeAt = 0;

  /** What the last `ready` said; 0 is no limit. */
  allow(limits: Pick<ReadyLimits, 'messagesPerSecondMax' | 'bytesPerSecondMax'>): void {
    this.#limits = limits;
  }

  /** Nothing leaves for so long. */
  hold(ms: number): void {
    this.#freeAt = Math.max(this.#freeAt, performance.now() + ms);
  }

  /** Resolves when a message of so many bytes may leave. In the order of the calls. */
  async turn(bytes: number): Promise<void> {
    const { messagesPerSecondMax, bytesPerSecondMax } = this.#limits;
    const each = messagesPerSecondMax === 0 ? 0 : 1_000 / (SHARE * messagesPerSecondMax);
    const own = bytesPerSecondMax === 0 ? 0 : (1_000 * bytes) / (SHARE * bytesPerSecondMax);
    const now = performance.now();
    this.#freeAt = Math.max(this.#freeAt, now) + Math.max(each, own);
    const wait = this.#freeAt - now - BURST * each;
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
