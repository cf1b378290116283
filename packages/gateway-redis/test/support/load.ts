import type { Broker } from 'gateway-core';
import { isLost, RedisBackendError } from '../../src/errors.js';

/** Messages that are under way at once, of one publisher. */
const AT_ONCE = 8;

/**
 * Of a log that keeps all that a load publishes while somebody hears nothing: what is trimmed would be told, and tests of what is not lost look for
 * other reasons.
 */
export const ALL_OF_IT = { logMessagesMax: 1_000_000, logBytesMax: 1024 * 1024 * 1024 };

/** Publishes without end, and keeps the account of what was accepted, refused, and of unknown outcome. */
export class Load {
  readonly accepted: string[] = [];
  readonly refused: string[] = [];
  readonly unsure: string[] = [];
  readonly failures: unknown[] = [];
  #isEnding = false;
  #count = 0;
  #waiting: (() => void)[] = [];
  readonly #running: Promise<unknown>;

  constructor(
    private readonly broker: Broker,
    private readonly groupId: string,
    private readonly name: string,
  ) {
    this.#running = Promise.all(Array.from({ length: AT_ONCE }, () => this.#publish()));
  }

  /** Resolves when so many more were accepted. */
  async more(count: number): Promise<void> {
    const wanted = this.accepted.length + count;
    while (this.accepted.length < wanted) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when all that was published has been answered. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#running;
  }

  async #publish(): Promise<void> {
    while (!this.#isEnding) {
      this.#count += 1;
      const body = `"${this.name}-${this.#count}"`;
      try {
        await this.broker.publish(this.groupId, { body });
        this.accepted.push(body);
        for (const resolve of this.#waiting.splice(0)) resolve();
      } catch (error) {
        if (!isLost(error)) this.failures.push(error);
        if (error instanceof RedisBackendError && error.code === 'UNKNOWN_OUTCOME') this.unsure.push(body);
        else this.refused.push(body);
      }
    }
  }
}
