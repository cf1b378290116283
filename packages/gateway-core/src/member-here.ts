import type { Hub } from './hub.js';
import type { Member } from './members/member.js';
import type { Members } from './members/members.js';

/** The member of this gateway with an id, connected or inside its resume window. */
export function memberHere({ hub, members }: { hub: Hub; members: Members }, memberId: string): Member | undefined {
  // One that cannot be resumed is in no index: nothing asks for it with every message.
  const known = members.resumable(memberId);
  if (known !== undefined) return known;
  for (const { member, fenced } of hub.values()) if (member?.memberId === memberId && !fenced) return member;
  for (const member of members.dropped) if (member.memberId === memberId) return member;
  return undefined;
}
