import type { Gateway } from 'gateway-core';
import type { FateRow } from './wire.js';

const MEMBERS_MAX = 100;

/**
 * What became of a message, by a query `group`, `epoch`, `seq`: for each member of the group on this gateway, or for the one that `member` names,
 * who may have left.
 * @throws GatewayError `INVALID_ARGUMENT`.
 */
export function fatesOf(gateway: Pick<Gateway, 'explain' | 'ledger'>, query: URLSearchParams): FateRow[] {
  const [groupId, epoch, member] = ['group', 'epoch', 'member'].map((name) => query.get(name) ?? undefined);
  const message = { groupId: groupId as string, epoch, seq: Number(query.get('seq')) };
  const asked = member === undefined ? gateway.ledger(groupId ?? '').map(({ memberId }) => memberId) : [member];
  return asked.slice(0, MEMBERS_MAX).map((memberId) => {
    const { fate, text } = gateway.explain({ ...message, memberId });
    return { memberId, fate, text };
  });
}
