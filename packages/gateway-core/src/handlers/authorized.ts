import type { Connection } from '../connection.js';
import type { Member } from '../members/member.js';
import type { HandlerContext } from './context.js';

/** Asks the `authorize` hook; yes where there is none. Anything but `true` is no. */
export async function authorized(
  context: HandlerContext,
  connection: Connection,
  action: 'join' | 'publish',
  groupId: string,
  member = connection.member as Pick<Member, 'memberId' | 'role' | 'metadata' | 'claims'>,
): Promise<boolean> {
  if (context.authorize === undefined) return true;
  const { memberId, role, metadata, claims } = member;
  const { connectionId } = connection;
  return (await context.authorize({ member: { memberId, connectionId, role, metadata, claims }, action, groupId })) === true;
}
