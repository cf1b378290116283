import type { Clock, Logger } from 'gateway-core';
import type { createLocalJWKSet } from 'jose';
import { fetchKeySet, reasonOf } from './fetch-key-set.js';
import type { FindKey, KeySource } from './key-source.js';
import type { JwtTimings } from './options.js';
import { shownUrl } from './shown-url.js';
import { KeysUnavailable, TokenRefused } from './token-refused.js';

interface RemoteKeysOptions {
  url: string;
  bytesMax: number;
  timings: Readonly<JwtTimings>;
  clock: Clock;
  logger: Logger;
}

/**
 * The keys that an issuer publishes. They are asked for when a token comes and they are not known, are old, or do not have the token's key; so
 * there is no timer. While they cannot be had, those that are known stay. (`createRemoteJWKSet` of `jose` refuses all tokens then, and
 * asks anew for each.)
 */
export class RemoteKeys implements KeySource {
  #found: ReturnType<typeof createLocalJWKSet> | undefined;
  /** When the keys came, and when the last attempt to get them was over; monotonic milliseconds. */
  #cameAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | undefined;
  #problem: string | undefined;
  /** Ends what is being asked for. */
  #abort: AbortController | undefined;
  #isClosed = false;
  readonly #shown: string;

  constructor(private readonly options: RemoteKeysOptions) {
    this.#shown = shownUrl(options.url);
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  readonly find: FindKey = async (header) => {
    const { clock, timings } = this.options;
    if (clock.monotonicMs() - this.#cameAt >= timings.jwksMaxAgeMs) {
      const loading = this.#loadUnless(0);
      // Where the issuer is known to be away, nobody waits for it who can be answered by what is known.
      if (this.#found === undefined || this.#problem === undefined) await loading;
    }
    const found = this.#found;
    if (found === undefined) throw new KeysUnavailable(`the key set of ${this.#shown} cannot be had: ${this.#problem}`);
    try {
      return await found(header);
    } catch (error) {
      if (!isUnknown(error)) throw error;
      // Keys are rotated: the token may be the first one of a new key.
      await this.#loadUnless(timings.jwksCooldownMs);
      if (this.#found === undefined || this.#found === found) throw unknownKey(header.kid);
      return this.#found(header).catch((again) => {
        throw isUnknown(again) ? unknownKey(header.kid) : again;
      });
    }
  };

  reload(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#triedAt = this.options.clock.monotonicMs();
      this.#loading = undefined;
    });
    return this.#loading;
  }

  close(): void {
    this.#isClosed = true;
    this.#abort?.abort();
  }

  /** Nothing is asked for while the last attempt is not so long ago, or, where it failed, the pause after that. */
  async #loadUnless(pauseMs: number): Promise<void> {
    const { clock, timings } = this.options;
    const pause = this.#problem === undefined ? pauseMs : timings.jwksRetryMs;
    if (this.#loading === undefined && clock.monotonicMs() - this.#triedAt < pause) return;
    await this.reload();
  }

  async #load(): Promise<void> {
    const { url, bytesMax, timings, clock, logger } = this.options;
    const abort = new AbortController();
    this.#abort = abort;
    const timer = clock.setTimeout(() => abort.abort(new Error('no answer in time')), timings.jwksTimeoutMs);
    try {
      const { createLocalJWKSet } = await import('jose');
      const set = await fetchKeySet(url, { bytesMax, signal: abort.signal });
      this.#found = createLocalJWKSet(set);
      this.#cameAt = clock.monotonicMs();
      if (this.#problem !== undefined) logger.info('the key set is there again', { url: this.#shown, keys: set.keys.length });
      this.#problem = undefined;
    } catch (error) {
      if (this.#isClosed) return;
      if (this.#problem === undefined) this.#tell(reasonOf(error));
      this.#problem = reasonOf(error);
    } finally {
      clock.clearTimeout(timer);
    }
  }

  #tell(problem: string): void {
    const effect = this.#found === undefined ? 'nobody can be let in' : 'the keys that are known stay in use';
    this.options.logger.warn(`the key set cannot be had: ${effect}`, { url: this.#shown, problem });
  }
}

function isUnknown(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_JWKS_NO_MATCHING_KEY';
}

/** Names the key where its id is one that may stand in a log: whoever connects has written it. */
function unknownKey(kid: unknown): TokenRefused {
  return new TokenRefused(typeof kid === 'string' && /^[\w.:=+/-]{1,64}$/.test(kid) ? `unknown key ${kid}` : 'unknown key');
}
