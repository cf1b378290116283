import { isDeepStrictEqual } from 'node:util';
import type { ClientType } from 'gateway-protocol';
import type { Membership } from '../groups/group.js';
import type { ResumeState } from './resume-tokens.js';

/** Who somebody is, as an accepted `identify` says. */
export interface Identity {
  readonly role: ClientType;
  /** JSON text: kept once for presence, answers and hooks. */
  readonly metadataText: string | undefined;
  readonly claims: Record<string, unknown> | undefined;
  /** The host's own name for the user, as `authenticate` answered it. */
  readonly principal: string | undefined;
  /** When its credentials end, in Unix milliseconds. */
  readonly expiresAt: number | undefined;
}

/** Who stays the same over reconnects: outlives its connection by the resume window, and so do its places in groups. */
export interface Member {
  readonly memberId: string;
  identity: Identity;
  /** Its places in groups, oldest first: few, so an array, which costs less than a map for each of many members. */
  memberships: readonly Membership[];
  /** When its connection dropped, in monotonic milliseconds; `undefined` while connected. */
  droppedAt: number | undefined;
  /** Of a member of dialect 2, which can come back. */
  resume: ResumeState | undefined;
}

/** Whether it is the same user. Where the host names none, only the same claims are: a member is never handed to somebody else. */
export function isSameUser(a: Identity, b: Identity): boolean {
  if (a.principal !== undefined || b.principal !== undefined) return a.principal === b.principal;
  return isDeepStrictEqual(a.claims, b.claims);
}
