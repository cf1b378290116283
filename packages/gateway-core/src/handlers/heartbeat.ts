import { heartbeatAckFrame } from '../answers.js';
import { whenKnown } from '../maybe-promise.js';
import type { Handler } from './context.js';
import { NOT_A_MEMBER } from './refusals.js';

/**
 * Proves life, which the connection has noted; keeps the named session alive where the connection is in its group. One with an `id` asks for
 * a sign of life: the group's presence, which any client knows (PROTOCOL.md, "Is the path dead?").
 */
export const heartbeat: Handler<'heartbeat'> = (context, connection, message) => {
  const { sessionId, id } = message;
  if (connection.dialect === 2) connection.answer(heartbeatAckFrame(context.clock.now(), message.ts));
  if (sessionId === undefined && id === undefined) return undefined;
  const place = connection.placeIn(message.groupId);
  if (place === undefined) return message.groupId === undefined ? undefined : NOT_A_MEMBER;
  if (id !== undefined && connection.dialect === 1) context.announcer.tell(place);
  if (sessionId === undefined) return undefined;
  return whenKnown(
    context.timeouts.limit(context.sessions.named(place.group.groupId, sessionId, undefined), 'sessions'),
    () => undefined,
  );
};
