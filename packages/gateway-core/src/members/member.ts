import { isDeepStrictEqual } from 'node:util';
import type { ClientType } from 'gateway-protocol';
import type { Membership } from '../groups/group.js';

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

/** A connection, as far as its member cares. */
export interface Speaker {
  /** Another one speaks for the member now. */
  fenced: boolean;
}

/** What makes a member one that can be resumed (PROTOCOL.md, "Resume"). */
export interface ResumeState {
  /** The connection whose messages are the member's: any other one that was is fenced. */
  connection: Speaker;
  /** Counts resumes: of two that began at the same one, one wins. */
  generation: number;
  /** Resumes under way: while a hook is asked, the window stays open. */
  claims: number;
  tokenHash: string | undefined;
  /** Begins its idempotency keys; once it has published with an `id`. */
  keyPrefix: string | undefined;
  /** Of the token before, which stays good until the client has spoken on its new connection: the `ready` may be lost. */
  usedHash: string | undefined;
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
