import { memberReadyText, type Refusal } from '../answers.js';
import type { Connection } from '../connection.js';
import type { Group } from '../groups/group.js';
import { FIRST_GENERATION, type Member, placeOf, type Resumable } from '../members/member.js';
import { metadataOf } from '../presence/presence-info.js';
import { type Arrival, groupIdsOf, isFromElsewhere, type Prepared, placeElsewhere } from './arrival.js';
import type { HandlerContext } from './context.js';
import { FORBIDDEN } from './prepare-group.js';
import { FULL } from './refusals.js';

type Refused = Refusal & { groupId: string };

/** Makes an arrival so, in one step: nothing waits, and listeners hear of it when all of it is true. */
export function commit(context: HandlerContext, connection: Connection, arrival: Arrival, prepared: Prepared): void {
  const { events, members, resumes, clock, timings, limits, announcer } = context;
  const { member, identity, wanted, claim } = arrival;
  const { connectionId, member: before } = connection;
  const { memberId } = member;
  const isRenewal = before === member;
  const arrived: string[] = [];
  events.after(() => {
    if (before !== undefined && !isRenewal) members.end(before);
    // Its socket may have broken as that one was written its last messages: then nobody comes.
    if (!connection.live && !isFromElsewhere(arrival)) {
      takeBack(context, arrival, prepared);
      return;
    }
    fence(context, connection, member);
    const resumable = withResume(arrival, connection);
    const token = claim?.nextToken ?? resumes.issue(resumable);
    members.connected(resumable);
    member.identity = identity;
    // Who was taken over is here now, and has dropped.
    if (!connection.live) {
      enterAll(context, connection, arrival, prepared, isRenewal);
      members.detach(member);
      members.drop(member);
      return;
    }
    connection.member = member;
    connection.dialect = 2;
    connection.expiresAt = identity.expiresAt;
    connection.advance('identified');
    const { role, principal, claims } = identity;
    const who = { connectionId, memberId, principal, claims };
    if (events.has('identify')) {
      events.emit('identify', { ...who, role, metadata: metadataOf(identity.metadataText), groupId: wanted.keys().next().value });
    }
    if (claim !== undefined) events.emit('resumed', who);
    const entered = enterAll(context, connection, arrival, prepared, isRenewal);
    for (const groupId of entered.groupIds) events.emit('join', { ...who, groupId });
    arrived.push(...entered.groupIds);
    // What follows a renewal may have been said before its `ready` was read: the token before stays good until the next one.
    connection.unconfirmed = !isRenewal;
    if (claim === undefined) resumes.issued(resumable);
    connection.hold(
      memberReadyText(clock.now(), {
        connectionId,
        timings,
        limits,
        memberId,
        resumed: isRenewal || claim !== undefined,
        resume: { token, ttlMs: timings.resumeTtlMs },
        expiresAt: identity.expiresAt,
        groups: member.memberships.map(({ group }) => group.groupId),
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
    for (const refusal of entered.refused) context.refuse(connection, refusal);
  });
  for (const groupId of arrived) announcer.changed(groupId);
}

/** It comes to nothing. */
export function takeBack({ members }: HandlerContext, arrival: Arrival, prepared: Prepared): void {
  // Of who comes from another gateway nothing was said here.
  if (isFromElsewhere(arrival)) return;
  for (const groupId of prepared.keys()) members.takeBack(arrival.member, groupId);
}

/** Puts the member into its groups, on this connection. @returns those that it was not in before, and what was refused. */
function enterAll(
  { members, groups }: HandlerContext,
  connection: Connection,
  arrival: Arrival,
  prepared: Prepared,
  isRenewal: boolean,
): { groupIds: string[]; refused: Refused[] } {
  const { member, wanted } = arrival;
  const groupIds: string[] = [];
  const refused: Refused[] = [];
  const isIn = new Set(groupIdsOf(arrival));
  const { live } = connection;
  for (const [groupId, { result, wasIn }] of prepared) {
    const place = placeOf(member, groupId);
    // Its socket has broken as it was written the last messages of a group before: it comes into no more.
    if (live && !connection.live) {
      if (place === undefined) members.takeBack(member, groupId);
      continue;
    }
    // Taken out while it was waited for: what was allowed before is no word against that.
    if (wasIn && !isIn.has(groupId)) {
      if (wanted.has(groupId)) refused.push({ ...FORBIDDEN, groupId });
      continue;
    }
    const former = placeElsewhere(arrival, groupId);
    const refusal = 'code' in result ? result : groups.get(groupId) === result ? undefined : FULL;
    if (refusal !== undefined) {
      refused.push({ ...refusal, groupId });
      if (place !== undefined) members.leave(member, place);
      else if (former !== undefined) members.leaveElsewhere(member as Resumable, groupId);
      else if (!isFromElsewhere(arrival)) members.takeBack(member, groupId);
    } else if (place === undefined) {
      const fresh = groups.add(result as Group, connection);
      fresh.assigned = former?.assigned === true;
      fresh.stateText = former?.stateText;
      members.joined(member, fresh);
      if (former === undefined) groupIds.push(groupId);
    } else if (!isRenewal) {
      place.group.attach(place, connection);
    }
  }
  // What its earlier connection has joined while this one was made ready.
  if (!isRenewal) {
    for (const place of member.memberships) if (!prepared.has(place.group.groupId)) place.group.attach(place, connection);
  }
  members.confirm(member, arrival.claim?.stored);
  return { groupIds, refused };
}

/** From here on nothing that the member's earlier connection says counts; what it was given before does. */
function fence({ replaced }: HandlerContext, connection: Connection, { resume }: Member): void {
  // What a member calls its connection is one.
  const former = resume?.connection as Connection | undefined;
  if (former === undefined || former === connection) return;
  former.fenced = true;
  replaced(former);
}

function withResume({ member, claim }: Arrival, connection: Connection): Resumable {
  if (member.resume !== undefined) {
    member.resume.connection = connection;
  } else {
    const { generation = FIRST_GENERATION, tokenHash, usedTokenHash } = claim?.stored ?? {};
    member.resume = { connection, generation, claims: 0, tokenHash, usedHash: usedTokenHash, keyPrefix: undefined };
  }
  return member as Resumable;
}
