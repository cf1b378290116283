import type { IdentifySignal, ResumeSince } from 'gateway-protocol';
import { memberReadyText, type Refusal } from '../answers.js';
import type { Connection } from '../connection.js';
import { END_CAUSES } from '../end-causes.js';
import type { Group } from '../groups/group.js';
import { isPromise } from '../maybe-promise.js';
import { type Identity, isSameUser, type Member } from '../members/member.js';
import { placeOf } from '../members/members.js';
import type { Claim } from '../members/resume-tokens.js';
import { metadataOf } from '../presence/presence-info.js';
import { authenticated } from './authenticated.js';
import type { HandlerContext, MessageTexts } from './context.js';
import { FORBIDDEN, prepareGroup } from './prepare-group.js';
import { FULL, TOO_MANY, UNAUTHORIZED } from './refusals.js';

const FAILED: Refusal = { code: 'INTERNAL', message: 'groupId: the gateway failed on this group, and the member is not in it' };

/** Groups by id, with what the client has of their logs. */
type Wanted = ReadonlyMap<string, ResumeSince | undefined>;

/** Who comes, and where to. */
interface Arrival {
  readonly member: Member;
  readonly identity: Identity;
  readonly wanted: Wanted;
  /** What it comes back with. */
  readonly claim: Claim | undefined;
  readonly token: string | undefined;
}

/** What became of each group: it can be stood in, or why not; and whether the member was in it before that was asked. */
type Prepared = Map<string, { result: Group | Refusal; wasIn: boolean }>;

/**
 * `identify` of dialect 2: a new member, one that comes back, or one that renews its credentials. Hooks and stores are asked while the
 * earlier connection still speaks for the member; then all is made so in one step, which fences that one.
 */
export async function identifyMember(
  context: HandlerContext,
  connection: Connection,
  message: IdentifySignal,
  { metadataText }: MessageTexts,
): Promise<Refusal | undefined> {
  const { members, generateId } = context;
  const token = message.payload.resume?.token;
  const claim = connection.member === undefined ? members.claim(token) : undefined;
  try {
    const answer = authenticated(context, connection, message, metadataText);
    const identity = isPromise(answer) ? await answer : answer;
    if (identity === undefined) return UNAUTHORIZED;
    if (!connection.live) return undefined;
    const wanted = wantedOf(message);
    const known = connection.member;
    if (known !== undefined && isSameUser(known.identity, identity)) {
      await arrive(context, connection, { member: known, identity, wanted, claim: undefined, token: undefined });
      return undefined;
    }
    if (claim !== undefined && members.mayResume(claim, identity)) {
      if (await arrive(context, connection, { member: claim.member, identity, wanted, claim, token })) return undefined;
    }
    const member: Member = { memberId: generateId(), identity, memberships: [], droppedAt: undefined, resume: undefined };
    await arrive(context, connection, { member, identity, wanted, claim: undefined, token: undefined });
    return undefined;
  } finally {
    if (claim !== undefined) members.release(claim);
  }
}

function wantedOf({ groupId, payload }: IdentifySignal): Wanted {
  const wanted = new Map<string, ResumeSince | undefined>(Object.entries(payload.resume?.groups ?? {}));
  const named = payload.groupId ?? groupId;
  if (named !== undefined && !wanted.has(named)) wanted.set(named, undefined);
  return wanted;
}

/** @returns `false`: somebody else has become the member meanwhile, or it is no more. */
async function arrive(context: HandlerContext, connection: Connection, arrival: Arrival): Promise<boolean> {
  const { members } = context;
  const { member, identity, claim } = arrival;
  connection.arriving = { ...member, identity };
  const prepared: Prepared = new Map();
  for (let next = firstOf(context, arrival, prepared); next.length > 0; ) {
    await Promise.all(next.map((groupId) => prepare(context, connection, arrival, prepared, groupId)));
    // Its earlier connection, or the host, may have put it into more meanwhile. Nothing waits between this look and what is made of it.
    next = groupIdsOf(member).filter((groupId) => !prepared.has(groupId));
  }
  const isLost = claim !== undefined && !members.mayResume(claim, identity);
  if (isLost || !connection.speaks) {
    for (const groupId of prepared.keys()) members.takeBack(member, groupId);
    return !isLost || !connection.speaks;
  }
  commit(context, connection, arrival, prepared);
  return true;
}

/** The groups to begin with: those that the member is in, and those that it may want beside them. */
function firstOf({ limits }: HandlerContext, { member, wanted }: Arrival, prepared: Prepared): string[] {
  const groupIds = new Set(groupIdsOf(member));
  const max = Math.max(groupIds.size, limits.groupsPerConnectionMax);
  for (const groupId of wanted.keys()) {
    if (groupIds.has(groupId) || groupIds.size < max) groupIds.add(groupId);
    else prepared.set(groupId, { result: TOO_MANY, wasIn: false });
  }
  return [...groupIds];
}

async function prepare(
  context: HandlerContext,
  connection: Connection,
  { member, identity, wanted }: Arrival,
  prepared: Prepared,
  groupId: string,
): Promise<void> {
  const wasIn = placeOf(member, groupId) !== undefined;
  try {
    const wish = { member, identity, groupId, since: wanted.get(groupId) };
    prepared.set(groupId, { result: await prepareGroup(context, connection, wish), wasIn });
  } catch (error) {
    context.failed(error, 'identify', { connectionId: connection.connectionId });
    prepared.set(groupId, { result: FAILED, wasIn });
  }
}

function groupIdsOf({ memberships }: Member): string[] {
  return memberships.map(({ group }) => group.groupId);
}

/** Makes it so, in one step: nothing waits, and listeners hear of it when all of it is true. */
function commit(context: HandlerContext, connection: Connection, arrival: Arrival, prepared: Prepared): void {
  const { events, members, groups, clock, timings, limits, announcer } = context;
  const { member, identity, wanted, claim, token } = arrival;
  const { connectionId, member: before } = connection;
  const { memberId } = member;
  const isRenewal = before === member;
  const arrived: string[] = [];
  events.after(() => {
    if (before !== undefined && !isRenewal) members.end(before);
    // Its socket may have broken as that one was written its last messages: then nobody comes.
    if (!connection.live) {
      for (const groupId of prepared.keys()) members.takeBack(member, groupId);
      return;
    }
    fence(context, connection, member);
    const resumable = withResume(member, connection);
    members.returned(member);
    member.identity = identity;
    connection.member = member;
    connection.dialect = 2;
    connection.expiresAt = identity.expiresAt;
    connection.advance('identified');
    const refused: (Refusal & { groupId: string })[] = [];
    const { role, principal, claims } = identity;
    const who = { connectionId, memberId, principal, claims };
    if (events.has('identify')) {
      events.emit('identify', { ...who, role, metadata: metadataOf(identity.metadataText), groupId: wanted.keys().next().value });
    }
    if (claim !== undefined) events.emit('resumed', who);
    for (const [groupId, { result, wasIn }] of prepared) {
      const place = placeOf(member, groupId);
      // Taken out while it was waited for: what was allowed before is no word against that.
      if (wasIn && place === undefined) {
        if (wanted.has(groupId)) refused.push({ ...FORBIDDEN, groupId });
        continue;
      }
      const refusal = 'code' in result ? result : groups.get(groupId) === result ? undefined : FULL;
      if (refusal !== undefined) {
        refused.push({ ...refusal, groupId });
        if (place !== undefined) members.leave(member, place);
        else members.takeBack(member, groupId);
      } else if (place === undefined) {
        members.joined(member, groups.add(result as Group, connection));
        events.emit('join', { ...who, groupId });
        arrived.push(groupId);
      } else if (!isRenewal) {
        place.group.attach(place, connection);
      }
    }
    // What its earlier connection has joined while this one was made ready.
    if (!isRenewal) {
      for (const place of member.memberships) if (!prepared.has(place.group.groupId)) place.group.attach(place, connection);
    }
    members.confirm(member);
    connection.unconfirmed = true;
    const resume = { token: members.issueToken(resumable, token), ttlMs: timings.resumeTtlMs };
    connection.hold(
      memberReadyText(clock.now(), {
        connectionId,
        timings,
        limits,
        memberId,
        resumed: isRenewal || claim !== undefined,
        resume,
        expiresAt: identity.expiresAt,
        groups: groupIdsOf(member),
      }),
    );
    for (const place of member.memberships) {
      const { groupId } = place.group;
      // Who renews goes on where it is, but for groups that it names anew.
      if (!isRenewal || wanted.has(groupId)) {
        place.group.begin(place, wanted.get(groupId));
        announcer.came(place);
      }
    }
    for (const refusal of refused) context.refuse(connection, refusal);
  });
  for (const groupId of arrived) announcer.changed(groupId);
}

/** From here on nothing that the member's earlier connection says counts; what it was given before does. */
function fence({ end }: HandlerContext, connection: Connection, { resume }: Member): void {
  // What a member calls its connection is one.
  const former = resume?.connection as Connection | undefined;
  if (former === undefined || former === connection) return;
  former.fenced = true;
  end(former, END_CAUSES.replaced);
}

function withResume(member: Member, connection: Connection): Claim['member'] {
  if (member.resume === undefined) {
    member.resume = { connection, generation: 0, claims: 0, tokenHash: undefined, usedHash: undefined, keyPrefix: undefined };
  } else if (member.resume.connection !== connection) {
    member.resume.connection = connection;
    member.resume.generation += 1;
  }
  return member as Claim['member'];
}
