import { randomFillSync } from 'node:crypto';

/** 128 bits: unguessable, and unique without asking anybody. */
const ID_BYTES = 16;

/** Random bytes for many ids at once: asking the system for each costs microseconds. What was used is not used again. */
const pool = Buffer.allocUnsafeSlow(256 * ID_BYTES);
let at = pool.length;

/** 22 characters of base64url. */
export function randomId(): string {
  if (at === pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  at += ID_BYTES;
  return pool.toString('base64url', at - ID_BYTES, at);
}
