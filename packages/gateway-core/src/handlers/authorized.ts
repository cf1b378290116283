import type { Connection } from '../connection.js';
import type { Authorize } from '../hooks.js';
import type { Member } from '../members/member.js';

/** Asks the `authorize` hook. Anything but `true` is no. */
export async function authorized(
  hook: Authorize,
  connection: Connection,
  action: 'join' | 'publish',
  groupId: string,
  member = connection.member as Pick<Member, 'memberId' | 'role' | 'metadata' | 'claims'>,
): Promise<boolean> {
  const { memberId, role, metadata, claims } = member;
  const { connectionId } = connection;
  return (await hook({ member: { memberId, connectionId, role, metadata, claims }, action, groupId })) === true;
}
