import {
  CLIENT_TYPES,
  type DataPayload,
  DELIVERY_MODES,
  type GroupMember,
  PROTOCOL_LIMITS,
  type PresenceInfo,
  type SessionMeta,
} from 'gateway-protocol';
import { type JsonSchema, listOf, objectOf, oneOf, optional, ref, required } from './json-schema.js';

/** Any JSON value. */
export const ANYTHING: JsonSchema = {};
export const TEXT: JsonSchema = { type: 'string' };
export const FLAG: JsonSchema = { type: 'boolean' };
export const COUNT: JsonSchema = { type: 'integer', minimum: 0 };
/** Of a message in its group's log. */
export const POSITION: JsonSchema = { type: 'integer', minimum: 1 };
export const RECORD: JsonSchema = { type: 'object' };

const { idLengthMax, sessionTextLengthMax, sessionTagsMax, tailMax, presenceStateBytesMax, metadataBytesMax } = PROTOCOL_LIMITS;
const sessionText: JsonSchema = { type: 'string', maxLength: sessionTextLengthMax };

/** What signals of both directions are made of. */
export const SHARED_DEFINITIONS: Record<string, JsonSchema> = {
  Id: {
    description: `An id: 1 to ${idLengthMax} UTF-16 code units, without control characters and without lone surrogates.`,
    type: 'string',
    minLength: 1,
    maxLength: idLengthMax,
    // Without lone surrogates, which not every dialect of regular expressions can name.
    pattern: '^[^\\x00-\\x1f\\x7f-\\x9f]*$',
  },
  Traceparent: {
    description: 'W3C Trace Context, version 00: trace id, parent id and flags.',
    type: 'string',
    pattern: '^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$',
  },
  Timestamp: { description: 'Unix time in milliseconds.', type: 'number', minimum: 0 },
  Seq: {
    description: "Position in a group's log. Messages count from 1; 0 is before the first one.",
    type: 'integer',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
  },
  Tail: { description: "How many of the log's last messages.", type: 'integer', minimum: 1, maximum: tailMax },
  ClientType: { description: 'What kind of client it is.', ...oneOf(CLIENT_TYPES) },
  Delivery: {
    description:
      'How a receiver that is behind is treated. `reliable`: it gets the message, or is told that it will not. `latest`: it may get only the newest message of each `key`. `volatile`: it may miss the message silently.',
    ...oneOf(DELIVERY_MODES),
  },
  Metadata: {
    description: `Anything about a client. By default at most ${metadataBytesMax} bytes of JSON, in UTF-8 and without white space.`,
    ...RECORD,
  },
  State: {
    description: `What a member shows of itself in a group: any JSON value. By default at most ${presenceStateBytesMax} bytes of JSON, in UTF-8 and without white space.`,
  },
  SessionMeta: objectOf<SessionMeta>('What a session is about.', {
    label: optional(sessionText, 'For people.'),
    createdBy: optional(sessionText, 'As the sender says, unchecked.'),
    tags: optional(listOf(ref('Id'), { maxItems: sessionTagsMax })),
  }),
  DataPayload: objectOf<DataPayload & { data: unknown }>('', {
    data: required(ANYTHING, 'Any JSON value. The gateway does not look into it, and passes its text on as it was sent.'),
    meta: optional(ref('SessionMeta')),
  }),
  PresenceInfo: objectOf<PresenceInfo>("A group's presence.", {
    status: required(
      oneOf(['UP', 'DEGRADED', 'DOWN', 'UNKNOWN'] satisfies PresenceInfo['status'][]),
      '`UP`: at least one member is connected. `DEGRADED`: all members have dropped and may still be resumed. `DOWN`: the last member has gone. `UNKNOWN`: nobody has been seen there.',
    ),
    details: optional(
      objectOf<NonNullable<PresenceInfo['details']>>('Absent where the status is `UNKNOWN`.', {
        role: optional(ref('ClientType')),
        metadata: optional(ref('Metadata')),
        members: required(COUNT, 'Members of the group, dropped ones included.'),
      }),
    ),
  }),
  GroupMember: objectOf<GroupMember>('One member of a group, as the others see it.', {
    memberId: required(TEXT, 'Stays the same over reconnects, as long as the member is resumed.'),
    role: required(ref('ClientType')),
    metadata: optional(ref('Metadata')),
    state: optional(ref('State')),
    connected: required(FLAG, '`false` while its connection has dropped and it may still be resumed.'),
  }),
};
