import type { DataUpdateSignal } from 'gateway-protocol';
import type { Accepted, Refusal } from '../answers.js';
import type { MemberFence, PublishedPosition } from '../broker/broker.js';
import { type DataBody, detachedText } from '../data-body.js';
import { isPromise, type MaybePromise, whenKnown } from '../maybe-promise.js';
import type { Member } from '../members/member.js';
import { asPart, type MessageSpan } from '../tracer.js';
import { authorized } from './authorized.js';
import type { Handler, HandlerContext, UnderWay } from './context.js';
import { NO_GROUP, NOT_A_MEMBER } from './refusals.js';

const FORBIDDEN: Refusal = { code: 'FORBIDDEN', message: 'not allowed to publish to this group' };
const TOO_MANY_SESSIONS: Refusal = { code: 'TOO_MANY_GROUPS', message: 'sessionId: there are as many sessions as there may be' };

/**
 * Fans out to the group, the sender included. Each step goes on at once where its store or hook answers at once: a message then costs
 * no promise. After each that did not, it is asked again whether the sender is still there: a client that was sent away, or out of the
 * group, meanwhile says nothing more.
 */
export const dataUpdate: Handler<'data_update'> = (context, connection, message, { dataText }, span) => {
  const place = connection.placeIn(message.groupId);
  if (place === undefined) return message.groupId === undefined ? NO_GROUP : NOT_A_MEMBER;
  const { groupId } = place.group;
  const { sessionId, payload } = message;
  const member = connection.member as Member;
  // Nearly all: nobody is to be asked.
  const { dialect } = connection;
  if (context.authorize === undefined && sessionId === undefined)
    return publish(context, member, message, groupId, dataText, dialect, span);
  const isGone = () => !connection.speaks || connection.member !== member || connection.placeIn(groupId) === undefined;
  return whenKnown(authorized(context, connection, 'publish', groupId, member, member.identity, span), (may) => {
    if (isGone()) return NOT_A_MEMBER;
    if (!may) return FORBIDDEN;
    if (sessionId === undefined) return publish(context, member, message, groupId, dataText, dialect, span);
    const within = context.timeouts.ask(span, 'sessions', () =>
      context.sessions.named(groupId, sessionId, payload.meta, connection),
    );
    return whenKnown(within, (yes) => {
      if (isGone()) return NOT_A_MEMBER;
      return yes ? publish(context, member, message, groupId, dataText, dialect, span) : TOO_MANY_SESSIONS;
    });
  });
};

function publish(
  context: HandlerContext,
  member: Member,
  message: DataUpdateSignal,
  groupId: string,
  text: string | undefined,
  dialect: 1 | 2,
  span: MessageSpan | undefined,
): Accepted | UnderWay {
  const { memberId: from } = member;
  const { version, sessionId, traceId, id, delivery, key, payload } = message;
  const traceparent = span?.traceparent ?? message.traceparent;
  const ts = message.ts ?? context.clock.now();
  const { data, meta } = payload;
  const dataText = text ?? JSON.stringify(data);
  const body = { ts, groupId, from, version, sessionId, traceId, traceparent, id, delivery, key, dataText, meta };
  const idempotencyKey = dialect === 2 && id !== undefined ? keyOf(member, id) : undefined;
  const fence = context.fencesMembers && member.resume ? { memberId: from, generation: member.resume.generation } : undefined;
  const told = whenKnown(published(context, body, idempotencyKey, fence, span), (ack): Accepted => {
    const { epoch, seq } = ack;
    if (context.events.has('data') && ack.duplicate === undefined) {
      const event = {
        groupId,
        epoch,
        seq,
        from,
        data,
        dataText: detachedText(dataText),
        meta,
        ts,
        sessionId,
        traceId,
        traceparent,
        id,
        delivery,
        key,
      };
      context.events.emit('data', event);
    }
    return { ack };
  });
  if (!isPromise(told)) return told;
  const answer = fence === undefined ? told : told.catch((error: unknown) => fencedOff(error, fence));
  // Only the answer has a time limit: what the broker accepts late is in the log, and told.
  return { later: context.timeouts.limit(answer, 'broker.publish') as Promise<Accepted | Refusal>, length: dataText.length };
}

/** Another gateway has taken the sender over, and this one learns of it by the refusal. */
function fencedOff(error: unknown, overtaken: MemberFence): Refusal {
  if ((error as { code?: unknown } | undefined)?.code !== 'FENCED') throw error;
  return { code: 'INTERNAL', message: 'not accepted: another connection has resumed as this member', overtaken };
}

/** A broker that fails in the call is as one that fails later: the client is not to blame. */
function published(
  { groups }: HandlerContext,
  body: DataBody,
  idempotencyKey: string | undefined,
  fence: MemberFence | undefined,
  span: MessageSpan | undefined,
): MaybePromise<PublishedPosition> {
  try {
    return asPart(span, 'broker.publish', () => groups.publish(body, idempotencyKey, fence));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** An `id` is the user's where the host names one: it outlives the member. */
function keyOf({ memberId, identity: { principal }, resume }: Member, id: string): string {
  const { length } = principal ?? memberId;
  const prefix = resume?.keyPrefix ?? (principal === undefined ? `m${length}:${memberId}:` : `p${length}:${principal}:`);
  // Made once: a member's keys share its memory.
  if (resume !== undefined) resume.keyPrefix = prefix;
  return prefix + id;
}
