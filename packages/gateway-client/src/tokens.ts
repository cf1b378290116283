import type { Context } from './context.js';
import { GatewayClientError, StopError, textOf } from './errors.js';
import type { TokenContext } from './options.js';
import { deferred } from './promises.js';

/** Gets tokens. Only the newest call counts: an earlier one that is still under way is aborted, and its answer ignored. */
export interface Tokens {
  /** Whether asking again may bring another one. */
  readonly canRenew: boolean;
  /** Rejects with what the function throws, or `TIMEOUT`, or `ABORTED`. */
  get(reason: TokenContext['reason']): Promise<string | null>;
  /** The answer under way is no longer wanted. */
  abort(): void;
}

export function createTokens(context: Context): Tokens {
  const { token } = context.options;
  const nothing = () => {};
  let abort = nothing;
  return {
    canRenew: typeof token === 'function',
    abort: () => abort(),
    async get(reason) {
      abort();
      if (typeof token !== 'function') return token ?? null;
      const call = new AbortController();
      const given = deferred<never>();
      const giveUp = (code: 'TIMEOUT' | 'ABORTED') => {
        given.reject(new GatewayClientError(code, 'token: no answer'));
        call.abort();
      };
      const own = () => giveUp('ABORTED');
      abort = own;
      const undo = context.later(context.timings.tokenTimeoutMs, () => giveUp('TIMEOUT'));
      try {
        return await Promise.race([given.promise, token({ reason, signal: call.signal })]);
      } finally {
        undo();
        if (abort === own) abort = nothing;
      }
    },
  };
}

/** Why there is no token. Where its `cause` is a `StopError`, there will be none. */
export function tokenError(cause: unknown): GatewayClientError {
  if (cause instanceof GatewayClientError) return cause;
  const isOver = cause instanceof StopError;
  return new GatewayClientError('UNAUTHORIZED', isOver ? cause.message : `url or token: ${textOf(cause)}`, {
    cause,
    retryable: !isOver,
  });
}
