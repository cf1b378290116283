import { createHash, timingSafeEqual } from 'node:crypto';
import { addressKey, DEFAULT_LIMITS } from 'gateway-core';

const FAILURES_MAX = 5;
const WINDOW_MS = 60_000;
/** Of the addresses that have failed, the oldest is forgotten for a newer one. */
const ADDRESSES_MAX = 1_024;

/** What becomes of a request that has to show the password. */
export type Admission = 'in' | 'none' | 'wrong' | 'throttled';

/** HTTP basic authentication (RFC 7617) with one password for whatever user, and a bound on guesses. */
export class Password {
  readonly #digest: Buffer;
  readonly #failures = new Map<string, { count: number; since: number }>();

  constructor(
    password: string,
    private readonly now: () => number,
  ) {
    this.#digest = digest(password);
  }

  /** Seconds after which an address that is `throttled` may try again. */
  get retryAfterS(): number {
    return WINDOW_MS / 1_000;
  }

  admit(authorization: string | undefined, address: string): Admission {
    const network = addressKey(address, DEFAULT_LIMITS.ipv6PrefixLength);
    if (this.#isThrottled(network)) return 'throttled';
    const encoded = /^Basic +([\w+/=-]+)$/i.exec(authorization ?? '')?.[1];
    if (encoded === undefined) return 'none';
    const said = Buffer.from(encoded, 'base64')
      .toString()
      .replace(/^[^:]*:/, '');
    // Digests, so that the comparison takes the same time whatever was said, and however long it is.
    if (timingSafeEqual(digest(said), this.#digest)) return 'in';
    this.#failed(network);
    return 'wrong';
  }

  #isThrottled(network: string): boolean {
    const failed = this.#failures.get(network);
    if (failed === undefined) return false;
    if (this.now() - failed.since < WINDOW_MS) return failed.count >= FAILURES_MAX;
    this.#failures.delete(network);
    return false;
  }

  #failed(network: string): void {
    const failed = this.#failures.get(network);
    if (failed !== undefined) {
      failed.count += 1;
      return;
    }
    const [oldest] = this.#failures.keys();
    if (this.#failures.size >= ADDRESSES_MAX && oldest !== undefined) this.#failures.delete(oldest);
    this.#failures.set(network, { count: 1, since: this.now() });
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
