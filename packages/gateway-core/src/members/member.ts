import { createHash, randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { serialize } from 'node:v8';
import type { ClientType } from 'gateway-protocol';
import type { Membership } from '../groups/group.js';
import { nextState } from '../next-state.js';
import type { MemberRecord } from '../presence/kept-members.js';
import { MEMBER_STATES, type MemberEvent, type MemberState } from './member-states.js';

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
  /** When it came, in monotonic milliseconds. */
  readonly createdAtMonotonic: number;
}

/** What makes a member one that can be resumed (PROTOCOL.md, "Resume"). */
export interface ResumeState {
  /** The connection whose messages are the member's: any other one that was is fenced. */
  connection: Speaker;
  /** Counts resumes, from 1: of two that began at the same one, one wins. */
  generation: number;
  /** Resumes under way: while a hook is asked, the window stays open. */
  claims: number;
  /** SHA-256 of its newest token; `undefined`: nobody can become it any more. */
  tokenHash: string | undefined;
  /** Begins its idempotency keys; once it has published with an `id`. */
  keyPrefix: string | undefined;
  /** Of the token before, which stays good until the client has spoken on its new connection: the `ready` may be lost. */
  usedHash: string | undefined;
}

/** A member that can be resumed. */
export type Resumable = Member & { resume: ResumeState };

/** Who stays the same over reconnects: outlives its connection by the resume window, and so do its places in groups. */
export interface Member {
  readonly memberId: string;
  identity: Identity;
  /** Its places in groups, oldest first: few, so an array, which costs less than a map for each of many members. */
  memberships: readonly Membership[];
  /** Changed by `advance` only. */
  state: MemberState;
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

/** The same of what is stored: two fingerprints are equal only where the users are. Claims count with the order of their fields. */
export function fingerprintOf({ principal, claims }: Identity): string {
  const hash = createHash('sha256');
  if (principal !== undefined) return hash.update(`principal ${principal}`).digest('base64');
  try {
    return hash.update(serialize(claims)).digest('base64');
  } catch {
    // Claims that cannot be written down, such as functions, are nobody else's.
    return randomBytes(32).toString('base64');
  }
}

export function newMember(memberId: string, identity: Identity): Member {
  return { memberId, identity, memberships: [], state: 'connected', droppedAt: undefined, resume: undefined };
}

export function isResumable(member: Member): member is Resumable {
  return member.resume !== undefined;
}

/** Whether it is a member of this gateway. */
export function isHere({ state }: Member): boolean {
  return state === 'connected' || state === 'dropped';
}

/** The only place that changes a member's `state`. */
export function advance(member: Member, event: MemberEvent): void {
  member.state = nextState(MEMBER_STATES, 'a member', member.state, event);
}

/** A member's place in a group. */
export function placeOf(member: Member | undefined, groupId: string): Membership | undefined {
  // No closure: it is asked for every message.
  for (const membership of member?.memberships ?? []) if (membership.group.groupId === groupId) return membership;
  return undefined;
}

/** Which resume a member is that nobody has resumed yet. */
export const FIRST_GENERATION = 1;

/** What the presence store is told of a member in a group: what is true now, or what is about to be. */
export function presenceRecordOf(
  member: Member,
  groupId: string,
  { role, principal, metadataText }: Identity = member.identity,
  state: MemberRecord['state'] = member.droppedAt === undefined ? 'connected' : 'dropped',
  generation = member.resume?.generation,
): MemberRecord {
  const { memberId } = member;
  const stateText = placeOf(member, groupId)?.stateText;
  return { memberId, role, principal, metadataText, stateText, state, generation };
}
