import type { Accepted, Refusal } from '../answers.js';
import { type MaybePromise, whenKnown } from '../maybe-promise.js';
import type { Member } from '../members/member.js';
import { authorized } from './authorized.js';
import type { Handler } from './context.js';
import { NO_GROUP, NOT_A_MEMBER } from './refusals.js';

const FORBIDDEN: Refusal = { code: 'FORBIDDEN', message: 'not allowed to say something of itself in this group' };

/** What the member says of itself in a group: kept with its place there, and told with the group's presence. `null` takes it away. */
export const presence: Handler<'presence'> = (context, connection, { groupId: named }, { stateText }, span) => {
  const place = connection.placeIn(named);
  if (place === undefined) return named === undefined ? NO_GROUP : NOT_A_MEMBER;
  const { groupId } = place.group;
  const member = connection.member as Member;
  const may = authorized(context, connection, 'presence', groupId, member, member.identity, span);
  return whenKnown(may, (yes): MaybePromise<Refusal | Accepted> => {
    // It may have left meanwhile, and have come back as one that has said nothing yet.
    if (!connection.speaks || connection.member !== member || connection.placeIn(groupId) !== place) return NOT_A_MEMBER;
    if (!yes) return FORBIDDEN;
    context.members.say(member, place, stateText === 'null' ? undefined : stateText);
    return { ack: {} };
  });
};
