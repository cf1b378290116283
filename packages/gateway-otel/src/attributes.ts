import type { Attributes } from '@opentelemetry/api';
import type { TracedDelivery, TracedMessage, TraceOutcome } from 'gateway-core';

/**
 * Names of the semantic conventions for messaging, version 1.45.0. They are not stable yet: copied, as the conventions advise, so that an
 * upgrade of a package renames nothing.
 */
export const MESSAGING = {
  system: 'messaging.system.name',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  messageId: 'messaging.message.id',
  conversationId: 'messaging.message.conversation_id',
  clientId: 'messaging.client.id',
} as const;

/** The conventions have no names for these. */
export const GATEWAY = {
  memberId: 'gateway.member.id',
  epoch: 'gateway.log.epoch',
  seq: 'gateway.log.seq',
  duplicate: 'gateway.log.duplicate',
  /** Of a message that was refused. */
  errorCode: 'gateway.error.code',
  written: 'gateway.delivery.written',
  behind: 'gateway.delivery.behind',
} as const;

/** A stable name of the general conventions. */
export const ERROR_TYPE = 'error.type';

const SYSTEM = 'gateway-core';
/** The name of a span of writes to members, and its `messaging.operation.name`. */
export const DELIVER = 'deliver';

/** Messages that go to others. */
export const isPublish = ({ operation }: TracedMessage): boolean => operation === 'data_update' || operation === 'publish';

export function messageAttributes(message: TracedMessage): Attributes {
  const { operation, groupId, id, traceId, connectionId, memberId } = message;
  const attributes: Attributes = { [MESSAGING.system]: SYSTEM, [MESSAGING.operationName]: operation };
  if (isPublish(message)) attributes[MESSAGING.operationType] = 'send';
  if (groupId !== undefined) attributes[MESSAGING.destination] = groupId;
  if (id !== undefined) attributes[MESSAGING.messageId] = id;
  if (traceId !== undefined) attributes[MESSAGING.conversationId] = traceId;
  if (connectionId !== undefined) attributes[MESSAGING.clientId] = connectionId;
  if (memberId !== undefined) attributes[GATEWAY.memberId] = memberId;
  return attributes;
}

export function outcomeAttributes({ position, refused }: TraceOutcome): Attributes {
  const attributes: Attributes = {};
  if (position !== undefined) {
    attributes[GATEWAY.epoch] = position.epoch;
    attributes[GATEWAY.seq] = position.seq;
    if (position.duplicate !== undefined) attributes[GATEWAY.duplicate] = position.duplicate;
  }
  if (refused !== undefined) attributes[GATEWAY.errorCode] = refused;
  return attributes;
}

export function deliveryAttributes({ groupId, epoch, seq }: TracedDelivery): Attributes {
  return {
    [MESSAGING.system]: SYSTEM,
    [MESSAGING.operationName]: DELIVER,
    // What the conventions call what is done with a message on its way to who receives it.
    [MESSAGING.operationType]: 'process',
    [MESSAGING.destination]: groupId,
    [GATEWAY.epoch]: epoch,
    [GATEWAY.seq]: seq,
  };
}
