import type { Clock, Logger } from 'gateway-core';

const MINUTE_MS = 60_000;

/** Says why tokens were refused, in so many lines a minute; of the others it says how many they were. */
export class RefusalLog {
  #since = Number.NEGATIVE_INFINITY;
  #count = 0;

  constructor(
    private readonly logger: Logger,
    private readonly clock: Clock,
    private readonly linesPerMinuteMax: number,
  ) {}

  note(reason: string, about: { connectionId: string; remoteAddress: string }): void {
    const now = this.clock.monotonicMs();
    if (now - this.#since >= MINUTE_MS) {
      const untold = this.#count - this.linesPerMinuteMax;
      if (untold > 0) this.logger.info('more tokens were refused than lines were logged', { untold });
      this.#since = now;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count <= this.linesPerMinuteMax) this.logger.info('a token was refused', { reason, ...about });
  }
}
