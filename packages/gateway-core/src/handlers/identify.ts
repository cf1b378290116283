import { type Refusal, readyFrame } from '../answers.js';
import type { Connection } from '../connection.js';
import type { Group } from '../groups/group.js';
import { isPromise } from '../maybe-promise.js';
import { type Identity, isSameUser, type Member, newMember } from '../members/member.js';
import { metadataOf } from '../presence/presence-info.js';
import type { GroupPresence } from '../presence/presence-store.js';
import { authenticated } from './authenticated.js';
import { authorized } from './authorized.js';
import type { Handler, HandlerContext } from './context.js';
import { enterGroup } from './enter-group.js';
import { identifyMember } from './identify-member.js';
import { UNAUTHORIZED } from './refusals.js';

const FORBIDDEN: Refusal = { code: 'FORBIDDEN', message: 'not allowed to join this group' };
const LEFT: Refusal = {
  code: 'FORBIDDEN',
  message: 'no longer allowed in the group that the connection was in, which it has left',
};

/**
 * Says who the client is and joins a group; a second one moves it. A refused `identify` changes nothing: who it was and where it was
 * stays. It waits for hooks, and for stores that do not answer at once: a crowd that comes back would pay for each of many empty waits.
 */
export const identify: Handler<'identify'> = async (context, connection, message, texts, span) => {
  const { dialect } = connection;
  const said = message.version === undefined ? undefined : message.version === '2' ? 2 : 1;
  if (connection.member !== undefined && (said ?? dialect) !== dialect) {
    return { code: 'INVALID_IDENTIFY', message: `version: this connection speaks "${dialect}"` };
  }
  if ((said ?? dialect) === 2) return identifyMember(context, connection, message, texts, span);
  const { metadataText } = texts;
  const answer = authenticated(context, connection, message, metadataText, span);
  const identity = isPromise(answer) ? await answer : answer;
  if (identity === undefined) return UNAUTHORIZED;
  if (!connection.live) return undefined;
  const known = connection.member;
  const member: Member =
    known !== undefined && isSameUser(known.identity, identity) ? known : newMember(context.generateId(), identity);
  connection.arriving = { ...member, identity };
  const named = message.payload.groupId ?? message.groupId;
  // Where it names none it stays where it is: if it may, as who it is now.
  const groupId = named ?? connection.placeIn(undefined)?.group.groupId;
  const wasIn = groupId !== undefined && connection.placeIn(groupId) !== undefined;
  const permission = groupId === undefined || authorized(context, connection, 'join', groupId, member, identity, span);
  const mayJoin = isPromise(permission) ? await permission : permission;
  if (!mayJoin && named !== undefined) return FORBIDDEN;
  if (!connection.live) return undefined;

  if (groupId !== undefined && mayJoin) {
    let isTakenOut = false;
    const refusal = await enterGroup(context, connection, { member, as: identity, groupId, span }, (group, presence) => {
      // The host has taken it out of the group while it waited to stay there: what was allowed before is no word against that.
      isTakenOut = wasIn && connection.placeIn(groupId) === undefined;
      if (!isTakenOut) commit(context, connection, { member, identity, named, group, presence });
      return !isTakenOut;
    });
    if (!isTakenOut) return refusal;
    if (named !== undefined) return FORBIDDEN;
  }
  while (!connection.catchUp()) await connection.untilFree();
  if (!connection.live) return undefined;
  commit(context, connection, { member, identity, named });
  return groupId === undefined ? undefined : LEFT;
};

/** What an `identify` comes to. */
interface Outcome {
  member: Member;
  identity: Identity;
  /** The group that it named. */
  named: string | undefined;
  /** The group that it is in afterwards. */
  group?: Group;
  presence?: GroupPresence;
}

/** Makes it so, in one step: nothing waits, and listeners hear of it when all of it is true. */
function commit(context: HandlerContext, connection: Connection, outcome: Outcome): void {
  const { events, members, groups, clock, timings, announcer } = context;
  const { member, identity, named, group, presence } = outcome;
  const { connectionId, member: before } = connection;
  events.after(() => {
    const place = member.memberships.find((membership) => membership.group === group);
    // First in, then out of the others: a group without members could have to make room.
    if (group !== undefined && place === undefined) members.joined(member, groups.add(group, connection));
    // The host may have put it there before: from now on it is the client's own choice, and where its messages go.
    else if (place !== undefined && named !== undefined) member.memberships = foremost(place, member.memberships);
    if (before !== undefined) leaveOthers(context, before, member, group);
    member.identity = identity;
    connection.member = member;
    connection.expiresAt = identity.expiresAt;
    connection.advance('identified');
    members.confirm(member);
    const { role, principal, claims } = identity;
    const who = { connectionId, memberId: member.memberId, principal, claims };
    if (events.has('identify'))
      events.emit('identify', { ...who, role, metadata: metadataOf(identity.metadataText), groupId: named });
    if (group !== undefined && place === undefined) events.emit('join', { ...who, groupId: group.groupId });
    connection.answer(readyFrame(clock.now(), connectionId, timings, presence));
  });
  // Its own arrival is told to it too, whenever the store's word of it came.
  if (group !== undefined) announcer.changed(group.groupId);
}

function foremost<Place>(place: Place, places: readonly Place[]): readonly Place[] {
  return [place, ...places.filter((other) => other !== place)];
}

/** Takes a connection's earlier member out of where it is not any more; somebody else than before is a new member, and the old one gone. */
function leaveOthers({ members }: HandlerContext, before: Member, member: Member, group: Group | undefined): void {
  if (before !== member) {
    members.end(before);
    return;
  }
  for (const membership of before.memberships) {
    if (membership.group !== group && !membership.assigned) members.leave(before, membership);
  }
}
