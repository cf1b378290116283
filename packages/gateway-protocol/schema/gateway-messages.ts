import {
  type DataUpdateDelivery,
  ERROR_CODES,
  type ErrorPayload,
  type ErrorSignal,
  type PresenceUpdatePayload,
  type PresenceUpdateSignal,
  type ReadyLimits,
  type ReadyPayload,
  type ReadySignal,
} from 'gateway-protocol';
import { DIALECT_2_MESSAGES } from './dialect-2-messages.js';
import { type FieldsOf, type JsonSchema, listOf, objectOf, oneOf, optional, ref, required } from './json-schema.js';
import type { Messages, Sent } from './message.js';
import { COUNT, FLAG, POSITION, TEXT } from './shared.js';

/** `Payload` where the fields `Names` are always there. */
type Always<Payload, Names extends keyof Payload> = Omit<Payload, Names> & Required<Pick<Payload, Names>>;
/** Fields of a `ready` after an `identify` of dialect 2. */
type Ready2 = Always<Omit<ReadyPayload, 'presence'>, 'memberId' | 'resumed' | 'resume' | 'limits' | 'serverTs' | 'groups'>;

const ts = required(ref('Timestamp'));
const members = listOf(ref('GroupMember'));

const greeting: FieldsOf<Pick<ReadyPayload, 'connectionId' | 'heartbeat'>> = {
  connectionId: required(TEXT, 'Names this connection in logs and to the host.'),
  heartbeat: required(
    objectOf<ReadyPayload['heartbeat']>('In milliseconds.', {
      intervalMs: required({ type: 'number', minimum: 0 }, 'How often the client is to send something.'),
      timeoutMs: required({ type: 'number', minimum: 0 }, 'After how much silence it is closed with 4200.'),
    }),
  ),
};

const limit = { type: 'number', minimum: 0 } as const;
const announced: FieldsOf<Pick<PresenceUpdatePayload, 'groupId' | 'info'>> = {
  groupId: required(ref('Id')),
  info: required(ref('PresenceInfo')),
};

/** What the gateway's signals are made of. */
export const GATEWAY_DEFINITIONS: Record<string, JsonSchema> = {
  ReadyLimits: objectOf<ReadyLimits>('What a connection may send and be in. 0 is no limit.', {
    messageBytesMax: required(limit, 'A longer message is closed with 1009.'),
    messagesPerSecondMax: required(limit, 'In the long run; more may come at once.'),
    bytesPerSecondMax: required(limit, 'In the long run; more may come at once.'),
    joinsPerSecondMax: required(limit, '`identify` and `join`, in the long run.'),
    groupsPerConnectionMax: required(limit, 'Groups that one connection may be in.'),
    presenceStateBytesMax: required(limit, 'Of `state` in a `presence`, in UTF-8 bytes of its JSON.'),
    metadataBytesMax: required(limit, 'Of `metadata` in an `identify`, in UTF-8 bytes of its JSON.'),
  }),
};

/** Everything that the gateway sends. */
export const GATEWAY_MESSAGES: Messages = {
  ReadySignal: {
    type: 'ready',
    dialects: ['1', '2'],
    summary: 'Greets a client when it has connected; in dialect 1 also answers an `identify`, with the presence of its group.',
    schema: objectOf<Sent<ReadySignal>>('', {
      type: required({ const: 'ready' }),
      ts,
      payload: required(
        objectOf<Pick<ReadyPayload, 'connectionId' | 'heartbeat' | 'presence'>>('', {
          ...greeting,
          presence: optional(ref('PresenceInfo')),
        }),
      ),
    }),
  },
  ReadySignal2: {
    type: 'ready',
    dialects: ['2'],
    summary: 'Answers an `identify`, before anything else.',
    schema: objectOf<Sent<ReadySignal>>('', {
      type: required({ const: 'ready' }),
      ts,
      payload: required(
        objectOf<Ready2>('', {
          ...greeting,
          memberId: required(TEXT, 'Who the client is to the others, and the `from` of what it sends.'),
          resumed: required(FLAG, 'Whether this is the member that the client was before.'),
          resume: required(
            objectOf<NonNullable<ReadyPayload['resume']>>('What to resume with. It takes the place of every earlier token.', {
              token: required(TEXT),
              ttlMs: required({ type: 'number', minimum: 0 }, 'For how long after a drop, in milliseconds.'),
            }),
          ),
          expiresAt: optional({ type: 'number' }, 'When the credentials expire, in Unix milliseconds; absent where they do not.'),
          limits: required(ref('ReadyLimits')),
          serverTs: required(ref('Timestamp')),
          groups: required(listOf(TEXT), 'Ids of the groups that are coming; how each went is said by its `sync`.'),
        }),
      ),
    }),
  },
  PresenceUpdateSignal: {
    type: 'presence_update',
    dialects: ['1'],
    summary: "A group's newest presence. State and no message: it has no `seq`.",
    schema: objectOf<Sent<PresenceUpdateSignal, 'groupId'>>('', {
      type: required({ const: 'presence_update' }),
      ts,
      groupId: required(ref('Id')),
      payload: required(objectOf<Pick<PresenceUpdatePayload, 'groupId' | 'info'>>('', announced)),
    }),
  },
  PresenceUpdateSignal2: {
    type: 'presence_update',
    dialects: ['2'],
    summary: "A group's newest presence, and what has changed in the list of its members.",
    schema: objectOf<Sent<PresenceUpdateSignal, 'groupId'>>('', {
      type: required({ const: 'presence_update' }),
      ts,
      groupId: required(ref('Id')),
      payload: required(
        objectOf<PresenceUpdatePayload>(
          '',
          {
            ...announced,
            version: optional(COUNT, 'Number of the list that this leads to.'),
            joins: optional(members, 'Members that have come.'),
            updates: optional(members, 'Members that have changed, each whole as it is now.'),
            leaves: optional(listOf(TEXT), 'Ids of members that have gone.'),
            members: optional(members, 'The whole list: it replaces what was known, and comes without differences.'),
          },
          {
            dependencies: { members: ['version'], joins: ['version'], updates: ['version'], leaves: ['version'] },
            not: {
              required: ['members'],
              anyOf: [{ required: ['joins'] }, { required: ['updates'] }, { required: ['leaves'] }],
            },
          },
        ),
      ),
    }),
  },
  DataUpdateDelivery: {
    type: 'data_update',
    dialects: ['1', '2'],
    summary: "A message of the group, in the order of the group's log.",
    schema: objectOf<DataUpdateDelivery>('', {
      type: required({ const: 'data_update' }),
      seq: required(POSITION, "Position in the group's log, set by the gateway."),
      ts,
      groupId: required(ref('Id')),
      from: optional(TEXT, 'Member id of the sender, set by the gateway; absent where the server itself published.'),
      version: optional(ref('Id')),
      sessionId: optional(ref('Id')),
      traceId: optional(ref('Id')),
      traceparent: optional(ref('Traceparent')),
      id: optional(ref('Id')),
      delivery: optional(ref('Delivery')),
      key: optional(ref('Id')),
      payload: required(ref('DataPayload')),
    }),
  },
  ErrorSignal: {
    type: 'error',
    dialects: ['1', '2'],
    summary: 'A message was not accepted. The connection stays open, unless a close frame follows.',
    correlation: '/payload/inReplyTo',
    schema: objectOf<Sent<ErrorSignal, 'groupId'>>('', {
      type: required({ const: 'error' }),
      ts,
      groupId: optional(ref('Id')),
      payload: required(
        objectOf<ErrorPayload>('', {
          code: required(oneOf(Object.keys(ERROR_CODES)), 'For programs.'),
          message: required(TEXT, "For people; begins with the field's name where a field is at fault."),
          status: optional({ type: 'integer', minimum: 400, maximum: 599 }, 'The nearest HTTP status.'),
          retryable: required(FLAG, 'Whether the same message may succeed later.'),
          retryAfterMs: optional({ type: 'number', minimum: 0 }, 'When it may, in milliseconds from now.'),
          inReplyTo: optional(ref('Id')),
        }),
      ),
    }),
  },
  ...DIALECT_2_MESSAGES,
};
