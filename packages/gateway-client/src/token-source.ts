import type { ClientClock } from './clock.js';
import { GatewayClientError } from './errors.js';
import type { ClientOptions, TokenContext } from './options.js';

/** Gets tokens. Only the newest call counts: an earlier one that is still under way is aborted, and its answer ignored. */
export class TokenSource {
  #underWay: AbortController | undefined;

  constructor(
    private readonly token: ClientOptions['token'],
    private readonly clock: ClientClock,
    private readonly timeoutMs: number,
  ) {}

  /** Whether asking again may bring another one. */
  get canRenew(): boolean {
    return typeof this.token === 'function';
  }

  /** Rejects with what the function throws, or `TIMEOUT`, or `ABORTED`. */
  async get(reason: TokenContext['reason']): Promise<string | null> {
    this.abort();
    const { token } = this;
    if (typeof token !== 'function') return token ?? null;
    const call = new AbortController();
    this.#underWay = call;
    let timer: unknown;
    const given = new Promise<never>((_, reject) => {
      const giveUp = (code: 'TIMEOUT' | 'ABORTED') => reject(new GatewayClientError(code, 'token: no answer'));
      call.signal.addEventListener('abort', () => giveUp('ABORTED'));
      timer = this.clock.setTimeout(() => {
        giveUp('TIMEOUT');
        call.abort();
      }, this.timeoutMs);
    });
    try {
      return await Promise.race([given, token({ reason, signal: call.signal })]);
    } finally {
      this.clock.clearTimeout(timer);
      if (this.#underWay === call) this.#underWay = undefined;
    }
  }

  /** The answer under way is no longer wanted. */
  abort(): void {
    this.#underWay?.abort();
    this.#underWay = undefined;
  }
}
