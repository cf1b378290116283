import { createHash, timingSafeEqual } from 'node:crypto';
import { randomText } from '../random-id.js';

/** 144 bits, which is 24 characters. */
const SECRET_BYTES = 18;

/** A token of a member: its id, so that a store can look it up by that, and a secret. */
export function newToken(memberId: string): string {
  return `${memberId}.${randomText(SECRET_BYTES)}`;
}

/** Whose token it says it is. */
export function memberIdOf(token: string): string {
  return token.slice(0, Math.max(0, token.lastIndexOf('.')));
}

/** Tokens are known by their SHA-256 only. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

/** In a time that says nothing of the hashes. */
export function isSameHash(hash: string, other: string | undefined): boolean {
  return other?.length === hash.length && timingSafeEqual(Buffer.from(hash), Buffer.from(other));
}
