import type { Connection } from '../connection.js';
import type { Membership } from '../groups/group.js';
import type { Member } from '../members/member.js';
import type { Handler, HandlerContext } from './context.js';
import { NOT_A_MEMBER } from './refusals.js';

/** Leaves one group, once what it is owed there was written: what was accepted before is told, as slow as the socket is. */
export const leave: Handler<'leave'> = ({ members }, connection, { payload: { groupId } }) => {
  const place = connection.placeIn(groupId);
  if (place === undefined) return NOT_A_MEMBER;
  if (isOwed(connection, place)) return leaveLater(members, connection, place);
  members.leave(connection.member as Member, place);
  return { ack: {} };
};

async function leaveLater(members: HandlerContext['members'], connection: Connection, place: Membership) {
  const { member } = connection;
  while (isOwed(connection, place)) await connection.untilFree();
  // Another connection may speak for the member by now.
  if (!connection.speaks || connection.member !== member) return undefined;
  members.leave(member as Member, place);
  return { ack: {} };
}

/** What is replayed was asked for, and is not waited for. */
function isOwed(connection: Connection, place: Membership): boolean {
  place.group.catchUp(place);
  return connection.live && place.state === 'live' && place.group.isBehind(place);
}
