import type { ConnectionContext, GroupInfo, LedgerEntry, MemberInfo, Session } from 'gateway-core';
import { shown, shownJson } from './texts.js';
import type { ConnectionRow, GroupRow, MemberRow, SessionRow } from './wire.js';

const ID_CHARACTERS_MAX = 128;
const JSON_CHARACTERS_MAX = 256;
const GROUPS_SHOWN = 4;

/** @param hideMetadata leaves out what tells who somebody is: `metadata` and `principal`. */
export function connectionRow(context: ConnectionContext, hideMetadata: boolean): ConnectionRow {
  const { connectionId, state, memberId, role, metadata, principal, groups, createdAt, lastSeenAt } = context;
  return {
    id: connectionId,
    state,
    memberId,
    role,
    principal: hideMetadata || principal === undefined ? undefined : shown(principal, ID_CHARACTERS_MAX),
    metadata: hideMetadata ? undefined : shownJson(metadata, JSON_CHARACTERS_MAX),
    groups: groups.slice(0, GROUPS_SHOWN),
    groupCount: groups.length,
    address: shown(context.remoteAddress, ID_CHARACTERS_MAX),
    dialect: context.dialect,
    lag: context.lag,
    unsentBytes: context.unsentBytes,
    createdAt,
    lastSeenAt,
  };
}

export function groupRow({ groupId, connections, position, logMessages, logBytes }: GroupInfo): GroupRow {
  return { id: groupId, ...position, connections, logMessages, logBytes };
}

export function memberRow(member: MemberInfo, ledger: LedgerEntry | undefined, hideMetadata: boolean): MemberRow {
  const { memberId, role, state, metadata, presenceState } = member;
  const { memberId: _, ...books } = ledger ?? { memberId };
  return {
    id: memberId,
    role,
    state,
    metadata: hideMetadata ? undefined : shownJson(metadata, JSON_CHARACTERS_MAX),
    presenceState: hideMetadata ? undefined : shownJson(presenceState, JSON_CHARACTERS_MAX),
    ledger: ledger === undefined ? undefined : (books as MemberRow['ledger']),
  };
}

export function sessionRow({ sessionId, meta, openedAt, updatedAt }: Session, hideMetadata: boolean): SessionRow {
  const metaText = hideMetadata ? '' : (shownJson(meta, JSON_CHARACTERS_MAX) ?? '');
  return { id: sessionId, meta: metaText, openedAt, updatedAt };
}
