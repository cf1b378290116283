import fc from 'fast-check';
import {
  CLIENT_TYPES,
  DELIVERY_MODES,
  ERROR_CODES,
  type ErrorCode,
  type GroupMember,
  type IncomingFromClient,
  type OutgoingToClient2,
  type PresenceInfo,
  type ResumeSince,
  type Since,
} from 'gateway-protocol';

// Messages as the types say them: the compiler refuses what a type has not.

const id = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((text) => text.length <= 128 && !/\p{Cc}/u.test(text));
const hex = (length: number) => fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const traceparent = fc
  .tuple(hex(31), hex(15), hex(2))
  .map(([traceId, parentId, flags]) => `00-1${traceId}-${parentId}1-${flags}`);
const text = fc.string({ maxLength: 20 });
const ts = fc.oneof(fc.nat(), fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }));
const seq = fc.maxSafeNat();
const position = seq.map((value) => Math.max(value, 1));
const tail = fc.integer({ min: 1, max: 1_000_000 });
const json = fc.jsonValue({ maxDepth: 3 });
const record = fc.dictionary(text, json, { maxKeys: 3 });
const clientType = fc.constantFrom(...CLIENT_TYPES);
const delivery = fc.constantFrom(...DELIVERY_MODES);
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const envelope = {
  ts: maybe(ts),
  version: maybe(fc.constantFrom('1', '2')),
  traceId: maybe(id),
  traceparent: maybe(traceparent),
  groupId: maybe(id),
  sessionId: maybe(id),
  id: maybe(id),
};
const since: fc.Arbitrary<Since> = fc.oneof(fc.record({ epoch: id, seq, tail: maybe(tail) }), fc.record({ tail }));
const resumeSince: fc.Arbitrary<ResumeSince> = fc.oneof(since, fc.constant({}));
const data = fc.record({
  data: json,
  meta: maybe(fc.record({ label: maybe(text), createdBy: maybe(text), tags: maybe(fc.array(id, { maxLength: 4 })) })),
});
const type = <Name extends string>(name: Name) => fc.constant(name);

/** Any message of a client, right by its type. */
export const clientMessage: fc.Arbitrary<IncomingFromClient> = fc.oneof(
  fc.record({
    ...envelope,
    type: type('identify'),
    payload: fc.record({
      clientType,
      groupId: maybe(id),
      metadata: maybe(record),
      token: maybe(text),
      resume: maybe(fc.record({ token: maybe(id), groups: maybe(fc.dictionary(id, resumeSince, { maxKeys: 4 })) })),
    }),
  }),
  fc.record({ ...envelope, type: type('heartbeat'), payload: maybe(record) }),
  fc.record({ ...envelope, type: type('data_update'), delivery: maybe(delivery), key: maybe(id), payload: data }),
  fc.record({ ...envelope, type: type('join'), payload: fc.record({ groupId: id, since: maybe(since) }) }),
  fc.record({ ...envelope, type: type('leave'), payload: fc.record({ groupId: id }) }),
  fc.record({ ...envelope, type: type('presence'), payload: fc.record({ state: json }) }),
);

const member: fc.Arbitrary<GroupMember> = fc.record({
  memberId: id,
  role: clientType,
  metadata: maybe(record),
  state: maybe(json),
  connected: fc.boolean(),
});
const info: fc.Arbitrary<PresenceInfo> = fc.record({
  status: fc.constantFrom<PresenceInfo['status'][]>('UP', 'DEGRADED', 'DOWN', 'UNKNOWN'),
  details: maybe(fc.record({ role: maybe(clientType), metadata: maybe(record), members: fc.nat() })),
});
const members = fc.array(member, { maxLength: 3 });
const lists = fc.oneof(
  fc.record({ version: fc.nat(), joins: maybe(members), updates: maybe(members), leaves: maybe(fc.array(id, { maxLength: 3 })) }),
  fc.record({ version: fc.nat(), members: maybe(members) }),
  fc.constant({}),
);
const greeting = { connectionId: text, heartbeat: fc.record({ intervalMs: fc.nat(), timeoutMs: fc.nat() }) };
const limits = fc.record({
  messageBytesMax: fc.nat(),
  messagesPerSecondMax: fc.nat(),
  bytesPerSecondMax: fc.nat(),
  joinsPerSecondMax: fc.nat(),
  groupsPerConnectionMax: fc.nat(),
  presenceStateBytesMax: fc.nat(),
  metadataBytesMax: fc.nat(),
});

/** Any message of the gateway, right by its type. */
export const gatewayMessage: fc.Arbitrary<OutgoingToClient2> = fc.oneof(
  fc.record({ type: type('ready'), ts, payload: fc.record({ ...greeting, presence: maybe(info) }) }),
  fc.record({
    type: type('ready'),
    ts,
    payload: fc.record({
      ...greeting,
      memberId: id,
      resumed: fc.boolean(),
      resume: fc.record({ token: text, ttlMs: fc.nat() }),
      expiresAt: maybe(ts),
      limits,
      serverTs: ts,
      groups: fc.array(id, { maxLength: 3 }),
    }),
  }),
  fc.tuple(ts, id, info, lists).map(([at, groupId, told, listed]) => ({
    type: 'presence_update' as const,
    ts: at,
    groupId,
    payload: { groupId, info: told, ...listed },
  })),
  fc.record({
    ...envelope,
    type: type('data_update'),
    ts,
    groupId: id,
    seq: position,
    from: maybe(id),
    delivery: maybe(delivery),
    key: maybe(id),
    payload: data,
  }),
  fc.record({
    type: type('error'),
    ts,
    groupId: maybe(id),
    payload: fc.record({
      code: fc.constantFrom(...(Object.keys(ERROR_CODES) as ErrorCode[])),
      message: text,
      status: maybe(fc.constantFrom(400, 500)),
      retryable: fc.boolean(),
      retryAfterMs: maybe(fc.nat()),
      inReplyTo: maybe(id),
    }),
  }),
  fc.record({ type: type('heartbeat_ack'), ts, payload: fc.record({ echoTs: maybe(ts), serverTs: ts }) }),
  fc.record({
    type: type('ack'),
    ts,
    payload: fc.oneof(fc.record({ id }), fc.record({ id, epoch: id, seq: position, duplicate: maybe(fc.constant<true>(true)) })),
  }),
  fc.record({
    type: type('sync'),
    ts,
    groupId: id,
    payload: fc.oneof(
      fc.record({
        groupId: id,
        epoch: id,
        seq,
        outcome: fc.constantFrom('live' as const, 'recovered' as const),
        replayed: fc.nat(),
        members: maybe(members),
        version: maybe(fc.nat()),
      }),
      fc.record({
        groupId: id,
        epoch: id,
        seq,
        outcome: fc.constant('reset' as const),
        reason: fc.constantFrom('epoch' as const, 'trimmed' as const, 'ahead' as const),
        replayed: fc.nat(),
      }),
    ),
  }),
  fc.record({
    type: type('gap'),
    ts,
    groupId: id,
    payload: fc.record({ groupId: id, from: position, to: position, reason: type('behind') }),
  }),
  fc.record({ type: type('reconnect'), ts, payload: fc.record({ reason: type('drain'), afterMs: fc.nat() }) }),
);
