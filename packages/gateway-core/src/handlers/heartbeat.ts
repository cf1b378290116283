import { isPromise } from '../maybe-promise.js';
import type { Handler } from './context.js';

/** Proves life, which the hub has noted; keeps the named session alive where the connection is in its group. */
export const heartbeat: Handler<'heartbeat'> = (context, connection, message) => {
  const { sessionId } = message;
  const groupId = message.groupId ?? connection.groupId;
  if (sessionId === undefined || groupId === undefined) return undefined;
  if (!connection.isIn(groupId)) {
    return { code: 'NOT_A_MEMBER', message: 'groupId: not a group that this connection is in' };
  }
  const touched = context.sessions.named(groupId, sessionId, undefined);
  return isPromise(touched) ? touched.then(() => undefined) : undefined;
};
