import type { IncomingFromClient } from 'gateway-protocol';
import type { Accepted, Refusal } from '../answers.js';
import type { Connection } from '../connection.js';
import { isSampled } from '../data-body.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { MessageSpan, TracedMessage, Tracer } from '../tracer.js';
import type { UnderWay } from './context.js';

/** Signals for which hooks or stores are waited for. */
const OPERATIONS: ReadonlySet<string> = new Set<TracedMessage['operation']>(['identify', 'join', 'presence', 'data_update']);

type Outcome = Refusal | Accepted | UnderWay | undefined;

/** Begins the span of a client's message. */
export function spanOf(tracer: Tracer, connection: Connection, message: IncomingFromClient): MessageSpan | undefined {
  const { type, id, traceId } = message;
  let { traceparent } = message;
  if (type === 'identify') {
    traceparent ??= connection.traceparent;
    // It is over when the client is there.
    connection.traceparent = undefined;
  }
  if (tracer.sampledOnly && (traceparent === undefined || !isSampled(traceparent))) return undefined;
  if (!OPERATIONS.has(type)) return undefined;
  const { connectionId, member } = connection;
  const groupId = groupOf(connection, message);
  const operation = type as TracedMessage['operation'];
  return tracer.message({ operation, traceparent, groupId, id, traceId, connectionId, memberId: member?.memberId });
}

/** Handles a message whose span has begun, and ends that when it is known what has become of it. */
export function traced(span: MessageSpan, handle: () => MaybePromise<Outcome>): MaybePromise<Outcome> {
  const failed = (error: unknown): never => {
    span.end({ error });
    throw error;
  };
  const answered = (outcome: Outcome): Outcome => {
    if (outcome === undefined) span.end({});
    else if ('later' in outcome) outcome.later.then(answered, (error: unknown) => span.end({ error }));
    else span.end('ack' in outcome ? { position: positionOf(outcome) } : { refused: outcome.code });
    return outcome;
  };
  let outcome: MaybePromise<Outcome>;
  try {
    outcome = handle();
  } catch (error) {
    return failed(error);
  }
  return isPromise(outcome) ? outcome.then(answered, failed) : answered(outcome);
}

function positionOf({ ack: { epoch, seq, duplicate } }: Accepted) {
  return epoch === undefined || seq === undefined ? undefined : { epoch, seq, duplicate };
}

function groupOf(connection: Connection, message: IncomingFromClient): string | undefined {
  if (message.type === 'identify') return message.payload.groupId ?? message.groupId;
  if (message.type === 'join') return message.payload.groupId;
  return message.groupId ?? connection.placeIn(undefined)?.group.groupId;
}
