import { Attempt, type AttemptHost } from './attempt.js';
import type { Context } from './context.js';
import { CLOSES } from './socket.js';
import type { TokenSource } from './token-source.js';

/** The attempt that is made before the connection breaks, where the gateway drains. */
export class Successor {
  attempt: Attempt | undefined;

  constructor(
    private readonly context: Context,
    private readonly tokens: TokenSource,
    private readonly host: AttemptHost,
  ) {}

  /** The gateway has spread its clients: this one comes back at its time. */
  prepare(afterMs: number): void {
    if (this.attempt !== undefined) return;
    const attempt = new Attempt(this.context, this.host);
    this.attempt = attempt;
    // Whoever has it by then: the connection may break first.
    this.context.deadlines.add(afterMs, () => void attempt.start(this.tokens, 'reconnect'));
  }

  /** Hands it over. */
  take(): Attempt | undefined {
    const { attempt } = this;
    this.attempt = undefined;
    return attempt;
  }

  end(): void {
    void this.take()?.end(CLOSES.givenUp);
  }
}
