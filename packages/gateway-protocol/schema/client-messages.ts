import {
  type DataUpdateSignal,
  type HeartbeatSignal,
  type IdentifyPayload,
  type IdentifySignal,
  type JoinSignal,
  type LeaveSignal,
  type LogPosition,
  PROTOCOL_LIMITS,
  type PresenceSignal,
  type ResumeRequest,
} from 'gateway-protocol';
import { type JsonSchema, objectOf, oneOf, optional, ref, required } from './json-schema.js';
import type { Messages } from './message.js';
import { ANYTHING, RECORD } from './shared.js';

const { tokenLengthMax, resumeGroupsMax } = PROTOCOL_LIMITS;

/** The envelope of everything that a client sends, `type` and `payload` aside. */
const ENVELOPE = {
  ts: optional(ref('Timestamp')),
  version: optional(ref('Id')),
  traceId: optional(ref('Id')),
  traceparent: optional(
    ANYTHING,
    'Where in a trace it is said: the `traceparent` of W3C Trace Context. One that is none is ignored, so nothing is refused here.',
  ),
  groupId: optional(ref('Id')),
  sessionId: optional(ref('Id')),
  id: optional(ref('Id')),
};

/** `epoch` and `seq` are never half of a position. */
const wholePosition: JsonSchema = { dependencies: { epoch: ['seq'], seq: ['epoch'] } };
/** The fields of every form of `Since`, none of which has a field of its own. */
type AnySince = Partial<LogPosition & { tail: number }>;
const since = { epoch: optional(ref('Id')), seq: optional(ref('Seq')), tail: optional(ref('Tail')) };

/** What a client's signals are made of. */
export const CLIENT_DEFINITIONS: Record<string, JsonSchema> = {
  Since: objectOf<AnySince>(
    "What a client wants of a group's log before anything live: what it missed after a position, or the last messages, or the last ones only where the position cannot be recovered.",
    since,
    { ...wholePosition, anyOf: [{ required: ['epoch', 'seq'] }, { required: ['tail'] }] },
  ),
  ResumeSince: objectOf<AnySince>(
    'As `Since`, or an empty object: the group is named, and nothing of its log asked for.',
    since,
    {
      ...wholePosition,
    },
  ),
  ResumeRequest: objectOf<ResumeRequest>('Dialect 2: become the same member again, and go on where the client was.', {
    token: optional({ type: 'string', minLength: 1, maxLength: tokenLengthMax }, 'That of the last `ready`.'),
    groups: optional(
      {
        type: 'object',
        maxProperties: resumeGroupsMax,
        propertyNames: ref('Id'),
        additionalProperties: ref('ResumeSince'),
      },
      "What is wanted of each group's log, by the group's id.",
    ),
  }),
};

/** Everything that a client sends. */
export const CLIENT_MESSAGES: Messages = {
  IdentifySignal: {
    type: 'identify',
    dialects: ['1', '2'],
    summary: 'Authenticates, and joins a group. Answered by `ready`.',
    correlation: '/id',
    schema: objectOf<IdentifySignal>('', {
      type: required({ const: 'identify' }),
      ...ENVELOPE,
      version: optional(oneOf(['1', '2']), 'The dialect that the connection speaks from here on; "1" where absent.'),
      payload: required(
        objectOf<IdentifyPayload>('', {
          clientType: required(ref('ClientType')),
          groupId: optional(ref('Id')),
          metadata: optional(ref('Metadata')),
          token: optional({ type: 'string', maxLength: tokenLengthMax }, "For the host's `authenticate` hook."),
          resume: optional(ref('ResumeRequest')),
        }),
      ),
    }),
  },
  HeartbeatSignal: {
    type: 'heartbeat',
    dialects: ['1', '2'],
    summary: 'Proves life, and keeps the session named by `sessionId` alive. In dialect 2 answered by `heartbeat_ack`.',
    correlation: '/id',
    schema: objectOf<HeartbeatSignal>('', {
      type: required({ const: 'heartbeat' }),
      ...ENVELOPE,
      payload: optional(RECORD, 'Taken and ignored.'),
    }),
  },
  DataUpdateSignal: {
    type: 'data_update',
    dialects: ['1', '2'],
    summary: 'A message for every member of the group, the sender included.',
    correlation: '/id',
    schema: objectOf<DataUpdateSignal>(
      '',
      {
        type: required({ const: 'data_update' }),
        ...ENVELOPE,
        delivery: optional(ref('Delivery')),
        key: optional(ref('Id')),
        payload: required(ref('DataPayload')),
      },
      {
        if: { required: ['delivery'], properties: { delivery: { const: 'latest' } } },
        // biome-ignore lint/suspicious/noThenProperty: the keyword's name
        then: { required: ['key'] },
      },
    ),
  },
  JoinSignal: {
    type: 'join',
    dialects: ['2'],
    summary: 'Adds a group beside those the connection is in. `since` asks for what was missed. Answered by `sync`.',
    correlation: '/id',
    schema: objectOf<JoinSignal>('', {
      type: required({ const: 'join' }),
      ...ENVELOPE,
      payload: required(objectOf<JoinSignal['payload']>('', { groupId: required(ref('Id')), since: optional(ref('Since')) })),
    }),
  },
  LeaveSignal: {
    type: 'leave',
    dialects: ['2'],
    summary: 'Leaves one group.',
    correlation: '/id',
    schema: objectOf<LeaveSignal>('', {
      type: required({ const: 'leave' }),
      ...ENVELOPE,
      payload: required(objectOf<LeaveSignal['payload']>('', { groupId: required(ref('Id')) })),
    }),
  },
  PresenceSignal: {
    type: 'presence',
    dialects: ['2'],
    summary: 'Sets what the member shows of itself in the group; `null` takes it away.',
    correlation: '/id',
    schema: objectOf<PresenceSignal>('', {
      type: required({ const: 'presence' }),
      ...ENVELOPE,
      payload: required(objectOf<PresenceSignal['payload'] & { state: unknown }>('', { state: required(ref('State')) })),
    }),
  },
};
