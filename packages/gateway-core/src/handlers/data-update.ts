import type { DataUpdateSignal } from 'gateway-protocol';
import type { Refusal } from '../answers.js';
import type { Connection } from '../connection.js';
import type { Authorize } from '../hooks.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import { authorized } from './authorized.js';
import type { Handler, HandlerContext } from './context.js';

const NOT_A_MEMBER: Refusal = { code: 'NOT_A_MEMBER', message: 'groupId: not a group that this connection is in' };
const NO_GROUP: Refusal = { code: 'NO_GROUP', message: 'groupId: none is named and none is joined' };
const FORBIDDEN: Refusal = { code: 'FORBIDDEN', message: 'not allowed to publish to this group' };
const TOO_MANY_SESSIONS: Refusal = { code: 'TOO_MANY_GROUPS', message: 'sessionId: there are as many sessions as there may be' };

/**
 * Fans out to the group, the sender included. Each step goes on at once where its store or hook answers at once: a message then costs
 * no promise.
 */
export const dataUpdate: Handler<'data_update'> = (context, connection, message, { dataText }) => {
  const groupId = message.groupId ?? connection.groupId;
  if (groupId === undefined) return NO_GROUP;
  if (!connection.isIn(groupId)) return NOT_A_MEMBER;
  if (context.authorize === undefined) return named(context, connection, message, groupId, dataText);
  return mayPublish(context.authorize, context, connection, message, groupId, dataText);
};

async function mayPublish(
  hook: Authorize,
  context: HandlerContext,
  connection: Connection,
  message: DataUpdateSignal,
  groupId: string,
  dataText: string | undefined,
): Promise<Refusal | undefined> {
  if (!(await authorized(hook, connection, 'publish', groupId))) return FORBIDDEN;
  return named(context, connection, message, groupId, dataText);
}

function named(
  context: HandlerContext,
  connection: Connection,
  message: DataUpdateSignal,
  groupId: string,
  dataText: string | undefined,
): MaybePromise<Refusal | undefined> {
  if (message.sessionId === undefined) return publish(context, connection, message, groupId, dataText);
  const within = context.sessions.named(groupId, message.sessionId, message.payload.meta, connection);
  if (isPromise(within)) {
    return within.then((yes) => (yes ? publish(context, connection, message, groupId, dataText) : TOO_MANY_SESSIONS));
  }
  return within ? publish(context, connection, message, groupId, dataText) : TOO_MANY_SESSIONS;
}

function publish(
  context: HandlerContext,
  connection: Connection,
  message: DataUpdateSignal,
  groupId: string,
  dataText: string | undefined,
): MaybePromise<undefined> {
  const { version, sessionId, traceId, id, delivery, key, payload } = message;
  const from = connection.member?.memberId as string;
  const ts = message.ts ?? context.clock.now();
  const { data, meta } = payload;
  const position = context.publisher.publish({
    ts,
    groupId,
    from,
    version,
    sessionId,
    traceId,
    id,
    delivery,
    key,
    dataText: dataText ?? JSON.stringify(data),
    meta,
  });
  const tell = ({ epoch, seq }: { epoch: string; seq: number }) => {
    if (context.events.has('data')) {
      context.events.emit('data', { groupId, epoch, seq, from, data, meta, ts, sessionId, traceId, id, delivery, key });
    }
    return undefined;
  };
  return isPromise(position) ? position.then(tell) : tell(position);
}
