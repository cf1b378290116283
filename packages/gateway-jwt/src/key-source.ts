import type { CryptoKey, JWSHeaderParameters, KeyObject } from 'jose';

/** Finds the key that a token with this header is checked with; rejects as `jose` does where there is none. */
export type FindKey = (header: JWSHeaderParameters) => Promise<CryptoKey | KeyObject>;

/** Where keys come from, and how they are kept up to date. */
export interface KeySource {
  readonly find: FindKey;
  /** Looks for other keys now. Resolves when it has; that they cannot be had is told in `problem` and in the log. */
  reload(): Promise<void>;
  /** Why the keys may be older than those that are there to be had; `undefined` where they are not. */
  readonly problem: string | undefined;
  /** Waits for nothing any more. */
  close(): void;
}

/** Keys that stay. */
export function fixedKeys(find: FindKey): KeySource {
  return { find, reload: async () => {}, problem: undefined, close: () => {} };
}
