import type { Member } from '../members/member.js';
import type { Handler } from './context.js';
import { NOT_A_MEMBER } from './refusals.js';

/** Leaves one group, once what it is owed there was written. */
export const leave: Handler<'leave'> = ({ members }, connection, { payload: { groupId } }) => {
  const place = connection.placeIn(groupId);
  if (place === undefined) return NOT_A_MEMBER;
  members.leave(connection.member as Member, place);
  return { ack: {} };
};
