import type { Connection } from '../connection.js';
import type { Authorize } from '../hooks.js';
import type { Member } from '../members/member.js';
import { metadataOf } from '../presence/presence-info.js';

/** Asks the `authorize` hook. Anything but `true` is no. */
export async function authorized(
  hook: Authorize,
  connection: Connection,
  action: 'join' | 'publish',
  groupId: string,
  member = connection.member as Pick<Member, 'memberId' | 'role' | 'metadataText' | 'claims'>,
): Promise<boolean> {
  const { memberId, role, metadataText, claims } = member;
  const { connectionId } = connection;
  const seen = {
    memberId,
    connectionId,
    role,
    // Most hooks decide by claims; only one that looks at the metadata pays for reading it.
    get metadata() {
      return metadataOf(metadataText);
    },
    claims,
  };
  return (await hook({ member: seen, action, groupId })) === true;
}
