import type {
  AckPayload,
  DataPayload,
  ErrorPayload,
  GapPayload,
  HeartbeatAckPayload,
  OutgoingToClient2,
  PresenceUpdatePayload,
  ReadyPayload,
  ReconnectPayload,
  ResetReason,
  Since,
  SyncOutcome,
  SyncPayload,
} from 'gateway-protocol';

// What the types say, as values: the compiler refuses a name too many, one too few, and a wrong mark.

/** Each field of a payload, with `?` where it may be absent. */
type Fields<Payload> = { [Name in keyof Required<Payload>]: object extends Pick<Payload, Name> ? '?' : '' };

/** By type, the payload's fields of each signal that the gateway sends. */
export const GATEWAY_FIELDS = {
  ready: {
    connectionId: '',
    heartbeat: '',
    presence: '?',
    memberId: '?',
    resumed: '?',
    resume: '?',
    expiresAt: '?',
    limits: '?',
    serverTs: '?',
    groups: '?',
  } satisfies Fields<ReadyPayload>,
  presence_update: {
    groupId: '',
    info: '',
    version: '?',
    joins: '?',
    updates: '?',
    leaves: '?',
    members: '?',
  } satisfies Fields<PresenceUpdatePayload>,
  data_update: { data: '', meta: '?' } satisfies Fields<DataPayload>,
  error: {
    code: '',
    message: '',
    status: '?',
    retryable: '',
    retryAfterMs: '?',
    inReplyTo: '?',
  } satisfies Fields<ErrorPayload>,
  heartbeat_ack: { echoTs: '?', serverTs: '' } satisfies Fields<HeartbeatAckPayload>,
  ack: { id: '', epoch: '?', seq: '?', duplicate: '?' } satisfies Fields<AckPayload>,
  sync: {
    groupId: '',
    epoch: '',
    seq: '',
    outcome: '',
    reason: '?',
    replayed: '',
    members: '?',
    version: '?',
  } satisfies Fields<SyncPayload>,
  gap: { groupId: '', from: '', to: '', reason: '' } satisfies Fields<GapPayload>,
  reconnect: { reason: '', afterMs: '' } satisfies Fields<ReconnectPayload>,
} satisfies Record<OutgoingToClient2['type'], object>;

export const SYNC_OUTCOMES = Object.keys({ live: 1, recovered: 1, reset: 1 } satisfies Record<SyncOutcome, 1>);
export const RESET_REASONS = Object.keys({ epoch: 1, trimmed: 1, ahead: 1 } satisfies Record<ResetReason, 1>);
export const SINCE_FORMS: Since[] = [{ epoch: 'e', seq: 1 }, { tail: 1 }, { epoch: 'e', seq: 1, tail: 1 }];
