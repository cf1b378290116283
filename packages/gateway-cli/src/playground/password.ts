import { createHash, timingSafeEqual } from 'node:crypto';
import { addressKey, DEFAULT_LIMITS } from 'gateway-core';

const FAILURES_MAX = 5;
const WINDOW_MS = 60_000;
/** So many addresses may have failed within a minute. Where there are more somebody has a network of them, and who else comes has to wait. */
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
    const encoded = /^Basic +([a-z\d+/]+=*)$/i.exec(authorization ?? '')?.[1];
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
    if (failed === undefined) return this.#failures.size >= ADDRESSES_MAX && !this.#forgetOldest();
    if (!this.#isOver(failed)) return failed.count >= FAILURES_MAX;
    this.#failures.delete(network);
    return false;
  }

  /** They stand in the order in which they failed first. @returns `false`: also the oldest has failed within this minute. */
  #forgetOldest(): boolean {
    const [oldest] = this.#failures;
    return oldest !== undefined && this.#isOver(oldest[1]) && this.#failures.delete(oldest[0]);
  }

  #isOver({ since }: { since: number }): boolean {
    return this.now() - since >= WINDOW_MS;
  }

  #failed(network: string): void {
    const failed = this.#failures.get(network);
    if (failed !== undefined) {
      failed.count += 1;
      return;
    }
    this.#failures.set(network, { count: 1, since: this.now() });
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
