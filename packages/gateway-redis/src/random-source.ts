import { randomBytes } from 'node:crypto';

/** Where names come from that nobody else may have, and what is spread by chance. A simulation draws both from its seed. */
export interface RandomSource {
  /** So many random bytes, as base64url. */
  id(bytes: number): string;
  /** From 0 up to 1. */
  fraction(): number;
}

/** The machine's own. */
export const systemRandom: RandomSource = {
  id: (bytes) => randomBytes(bytes).toString('base64url'),
  fraction: () => Math.random(),
};
