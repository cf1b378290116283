import type { LedgerEntry } from './gateway-info.js';
import type { Groups } from './groups/groups.js';
import type { Hub } from './hub.js';
import { placeOf } from './members/member.js';
import type { Members } from './members/members.js';

/** The books of a group, see `Gateway.ledger`. */
export function ledgerOf(
  { hub, members, groups }: { hub: Hub; members: Members; groups: Groups },
  groupId: string,
): LedgerEntry[] {
  const head = groups.get(groupId)?.position.seq ?? 0;
  const connected = [...hub.values()].flatMap(({ member, fenced }) => (member === undefined || fenced ? [] : [member]));
  return [...connected, ...members.dropped].flatMap((member) => {
    const place = placeOf(member, groupId);
    if (place === undefined) return [];
    const { start, cursor, written, latest, volatile, lost } = place;
    return [{ memberId: member.memberId, published: head - start, written, latest, volatile, lost, pending: head - cursor }];
  });
}
