import type { Connection } from './connection.js';
import { END_CAUSES } from './end-causes.js';
import { GatewayError } from './errors.js';
import type { Revoked } from './gateway-info.js';
import type { Hub } from './hub.js';
import type { Member } from './members/member.js';
import type { Members } from './members/members.js';
import type { Slices } from './slices.js';

/**
 * Ends members whose credentials are no longer good. From the call on nothing that they send is accepted, and nobody becomes them again;
 * their connections are closed in slices.
 * @returns how many there were.
 */
export function revoke({ hub, members, slices }: { hub: Hub; members: Members; slices: Slices }, revoked: Revoked): number {
  const isMeant = predicateOf(revoked);
  const connections: Connection[] = [];
  const meant: Member[] = [];
  for (const connection of hub.values()) {
    const { member, arriving } = connection;
    const isMember = member !== undefined && isMeant(member);
    if (isMember) meant.push(member);
    // Who was let in before, and only waits for its groups, is asked for no credentials any more.
    if (isMember || (arriving !== undefined && isMeant(arriving))) connections.push(connection);
  }
  const dropped = [...members.dropped].filter(isMeant);
  for (const connection of connections) connection.sentence = END_CAUSES.revoked;
  for (const member of meant) members.forbidResume(member);
  for (const member of dropped) members.forbidResume(member);
  const count = connections.length + dropped.length;
  const end = (at: number) => {
    const connection = connections[at];
    if (connection !== undefined) hub.end(connection, END_CAUSES.revoked);
    else members.end(dropped[at - connections.length] as Member);
  };
  let at = 0;
  if (count > 0)
    slices.add({
      step: (units) => {
        const until = Math.min(count, at + Math.ceil(units));
        let left = units;
        while (at < until) {
          left -= 1;
          at += 1;
          end(at - 1);
        }
        return at < count ? 0 : left;
      },
    });
  return meant.length + dropped.length;
}

function predicateOf(revoked: Revoked): (member: Member) => boolean {
  if (typeof revoked === 'object' && revoked !== null) {
    if ('memberId' in revoked && typeof revoked.memberId === 'string') return ({ memberId }) => memberId === revoked.memberId;
    if ('where' in revoked && typeof revoked.where === 'function') {
      return ({ memberId, memberships, identity: { role, principal, claims } }) => {
        const groups = memberships.map(({ group }) => group.groupId);
        const answer: unknown = revoked.where({ memberId, role, principal, claims, groups });
        if (typeof answer === 'boolean') return answer;
        // An async one would have nobody ended, without a word.
        Promise.resolve(answer).catch(() => {});
        throw new GatewayError('INVALID_ARGUMENT', 'revoked.where: must answer true or false, at once');
      };
    }
  }
  throw new GatewayError('INVALID_ARGUMENT', 'revoked: must be { memberId } or { where }');
}
