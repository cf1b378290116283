import type { Clock } from './clock.js';
import type { Connection } from './connection.js';
import type { ConnectionContext } from './gateway-info.js';
import { metadataOf } from './presence/presence-info.js';

/** What a host is shown of a connection. */
export function contextOf(connection: Connection, clock: Clock): ConnectionContext {
  const { connectionId, state, remoteAddress, memberships, createdAtMonotonic, seenAt, dialect, unsentBytes } = connection;
  const { memberId, identity } = connection.member ?? {};
  const wallMinusMonotonic = clock.now() - clock.monotonicMs();
  return {
    connectionId,
    state,
    memberId,
    role: identity?.role,
    metadata: metadataOf(identity?.metadataText),
    principal: identity?.principal,
    claims: identity?.claims,
    groups: memberships.map(({ group }) => group.groupId),
    createdAt: Math.round(wallMinusMonotonic + createdAtMonotonic),
    lastSeenAt: Math.round(wallMinusMonotonic + seenAt),
    remoteAddress,
    dialect: dialect === 2 ? '2' : '1',
    lag: memberships.reduce((most, { group, cursor }) => Math.max(most, group.position.seq - cursor), 0),
    unsentBytes,
  };
}
