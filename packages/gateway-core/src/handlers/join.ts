import type { Group } from '../groups/group.js';
import type { Member } from '../members/member.js';
import type { Handler } from './context.js';
import { prepareGroup } from './prepare-group.js';
import { FULL, TOO_MANY } from './refusals.js';

/** Adds a group, or brings one that the client is in to another position. `sync` says how it went. */
export const join: Handler<'join'> = async (context, connection, { payload: { groupId, since } }, _texts, span) => {
  const { groups, members, events, announcer, limits } = context;
  const member = connection.member as Member;
  const isTooMany = () =>
    connection.placeIn(groupId) === undefined && connection.memberships.length >= limits.groupsPerConnectionMax;
  if (isTooMany()) return TOO_MANY;
  let wasPlaced = false;
  let awaited: Group | undefined;
  try {
    const place = connection.placeIn(groupId);
    const wish = { member, identity: member.identity, groupId, since, span };
    const group = await prepareGroup(context, connection, {
      ...wish,
      isAnnounced: place !== undefined,
      isAssigned: place?.assigned === true,
    });
    if ('code' in group) return group;
    awaited = group;
    // Another connection may speak for the member by now, or the host may have filled its groups.
    if (!connection.speaks || connection.member !== member) return undefined;
    if (groups.get(groupId) !== group) return FULL;
    if (isTooMany()) return TOO_MANY;
    wasPlaced = true;
    events.after(() => {
      const known = connection.placeIn(groupId);
      const place = known ?? groups.add(group, connection);
      if (known === undefined) {
        members.joined(member, place);
        members.confirm(member);
        const { principal, claims } = member.identity;
        events.emit('join', { connectionId: connection.connectionId, memberId: member.memberId, principal, claims, groupId });
        announcer.changed(groupId);
      }
      group.begin(place, since);
      announcer.came(place);
    });
    return { ack: {} };
  } finally {
    if (awaited !== undefined) awaited.awaited -= 1;
    if (!wasPlaced) members.takeBack(member, groupId);
  }
};
