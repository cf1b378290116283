import type {
  AckPayload,
  AckSignal,
  GapPayload,
  GapSignal,
  HeartbeatAckPayload,
  HeartbeatAckSignal,
  ReconnectPayload,
  ReconnectSignal,
  ResetReason,
  SyncOutcome,
  SyncPayload,
  SyncSignal,
} from 'gateway-protocol';
import { listOf, objectOf, oneOf, optional, ref, required } from './json-schema.js';
import type { Messages, Sent } from './message.js';
import { COUNT, POSITION, TEXT } from './shared.js';

const ts = required(ref('Timestamp'));

/** Types that the gateway sends in dialect 2 only. */
export const DIALECT_2_MESSAGES: Messages = {
  HeartbeatAckSignal: {
    type: 'heartbeat_ack',
    dialects: ['2'],
    summary: 'Answers a `heartbeat`.',
    schema: objectOf<Sent<HeartbeatAckSignal>>('', {
      type: required({ const: 'heartbeat_ack' }),
      ts,
      payload: required(
        objectOf<HeartbeatAckPayload>('', { echoTs: optional(ref('Timestamp')), serverTs: required(ref('Timestamp')) }),
      ),
    }),
  },
  AckSignal: {
    type: 'ack',
    dialects: ['2'],
    summary: 'A message with an `id` was accepted.',
    correlation: '/payload/id',
    schema: objectOf<Sent<AckSignal>>('', {
      type: required({ const: 'ack' }),
      ts,
      payload: required(
        objectOf<AckPayload>(
          '',
          {
            id: required(ref('Id')),
            epoch: optional(TEXT, 'For a `data_update`: the log that it is in.'),
            seq: optional(POSITION, 'For a `data_update`: where in the log it is.'),
            duplicate: optional({ const: true }, 'The message was accepted before, at this position.'),
          },
          { dependencies: { epoch: ['seq'], seq: ['epoch'] } },
        ),
      ),
    }),
  },
  SyncSignal: {
    type: 'sync',
    dialects: ['2'],
    summary: 'Where the receiver stands in a group: after everything that was replayed, and before anything live.',
    schema: objectOf<Sent<SyncSignal, 'groupId'>>('', {
      type: required({ const: 'sync' }),
      ts,
      groupId: required(ref('Id')),
      payload: required(
        objectOf<SyncPayload>(
          '',
          {
            groupId: required(ref('Id')),
            epoch: required(TEXT, 'The log from here on.'),
            seq: required(ref('Seq')),
            outcome: required(oneOf(['live', 'recovered', 'reset'] satisfies SyncOutcome[])),
            reason: optional(
              oneOf(['epoch', 'trimmed', 'ahead'] satisfies ResetReason[]),
              'Why what was missed cannot be replayed.',
            ),
            replayed: required(COUNT, 'How many messages were replayed.'),
            members: optional(listOf(ref('GroupMember')), 'Who is in the group; it replaces what was known.'),
            version: optional(COUNT, 'Number of the list in `members`.'),
          },
          {
            if: { properties: { outcome: { const: 'reset' } } },
            // biome-ignore lint/suspicious/noThenProperty: the keyword's name
            then: { required: ['reason'] },
            else: { not: { required: ['reason'] } },
          },
        ),
      ),
    }),
  },
  GapSignal: {
    type: 'gap',
    dialects: ['2'],
    summary: 'Messages that this receiver will not get.',
    schema: objectOf<Sent<GapSignal, 'groupId'>>('', {
      type: required({ const: 'gap' }),
      ts,
      groupId: required(ref('Id')),
      payload: required(
        objectOf<GapPayload>('', {
          groupId: required(ref('Id')),
          from: required(POSITION, '`seq` of the first that is missing.'),
          to: required(POSITION, '`seq` of the last that is missing.'),
          reason: required({ const: 'behind' }, 'The log no longer reaches the receiver.'),
        }),
      ),
    }),
  },
  ReconnectSignal: {
    type: 'reconnect',
    dialects: ['2'],
    summary: 'Please come back, and resume. A close with 4202 follows.',
    schema: objectOf<Sent<ReconnectSignal>>('', {
      type: required({ const: 'reconnect' }),
      ts,
      payload: required(
        objectOf<ReconnectPayload>('', {
          reason: required({ const: 'drain' }, 'The gateway is about to stop.'),
          afterMs: required({ type: 'number', minimum: 0 }, 'How long to wait before, in milliseconds.'),
        }),
      ),
    }),
  },
};
