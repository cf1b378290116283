import { whenKnown } from '../maybe-promise.js';
import { placeOf } from '../members/members.js';
import type { Handler } from './context.js';

/**
 * Proves life, which the connection has noted; keeps the named session alive where the connection is in its group. One with an `id` asks for
 * a sign of life: the group's presence, which any client knows (PROTOCOL.md, "Is the path dead?").
 */
export const heartbeat: Handler<'heartbeat'> = (context, connection, message) => {
  const { sessionId, id } = message;
  const groupId = message.groupId ?? connection.groupId;
  if (groupId === undefined || (sessionId === undefined && id === undefined)) return undefined;
  const place = placeOf(connection.member, groupId);
  if (place === undefined) return { code: 'NOT_A_MEMBER', message: 'groupId: not a group that this connection is in' };
  if (id !== undefined) context.announcer.tell(place);
  if (sessionId === undefined) return undefined;
  return whenKnown(context.timeouts.limit(context.sessions.named(groupId, sessionId, undefined), 'sessions'), () => undefined);
};
