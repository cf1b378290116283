import { randomFillSync } from 'node:crypto';

/** 128 bits: unguessable, and unique without asking anybody. */
const ID_BYTES = 16;
const POOL_BYTES = 4_096;

/** Random bytes for many at once: asking the system for each costs microseconds. What was used is not used again, and is not kept. */
const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let at = pool.length;

/** So many random bytes, of the system's source for secrets, as base64url. */
export function randomText(bytes: number): string {
  if (at + bytes > pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  const text = pool.toString('base64url', at, at + bytes);
  pool.fill(0, at, at + bytes);
  at += bytes;
  return text;
}

/** 22 characters of base64url. */
export function randomId(): string {
  return randomText(ID_BYTES);
}
