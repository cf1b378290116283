import type { OutgoingToClient2 } from 'gateway-protocol';

const MEMBER = { memberId: 'm-1', role: 'dashboard', state: { typing: true }, connected: true } as const;
const INFO = { status: 'UP', details: { role: 'dashboard', metadata: {}, members: 1 } } as const;

const MESSAGES: OutgoingToClient2[] = [
  {
    type: 'ready',
    ts: 1,
    payload: {
      connectionId: 'c-1',
      heartbeat: { intervalMs: 10_000, timeoutMs: 25_000 },
      memberId: 'm-1',
      resumed: true,
      resume: { token: 'secret', ttlMs: 15_000 },
      expiresAt: 2,
      limits: {
        messageBytesMax: 1,
        messagesPerSecondMax: 1,
        bytesPerSecondMax: 1,
        joinsPerSecondMax: 1,
        groupsPerConnectionMax: 1,
        presenceStateBytesMax: 1,
        metadataBytesMax: 1,
      },
      serverTs: 1,
      groups: ['g'],
    },
  },
  {
    type: 'presence_update',
    ts: 1,
    groupId: 'g',
    payload: { groupId: 'g', info: INFO, version: 2, joins: [MEMBER], updates: [MEMBER], leaves: ['m-2'] },
  },
  { type: 'presence_update', ts: 1, groupId: 'g', payload: { groupId: 'g', info: INFO, version: 3, members: [MEMBER] } },
  {
    type: 'data_update',
    ts: 1,
    groupId: 'g',
    seq: 1,
    from: 'm-1',
    id: 'i',
    delivery: 'latest',
    key: 'k',
    payload: { data: [1] },
  },
  { type: 'error', ts: 1, payload: { code: 'RATE_LIMITED', message: 'too many', status: 429, retryable: true, retryAfterMs: 5 } },
  { type: 'heartbeat_ack', ts: 1, payload: { echoTs: 1, serverTs: 1 } },
  { type: 'ack', ts: 1, payload: { id: 'i', epoch: 'e', seq: 1, duplicate: true } },
  {
    type: 'sync',
    ts: 1,
    groupId: 'g',
    payload: { groupId: 'g', epoch: 'e', seq: 1, outcome: 'recovered', replayed: 1, members: [MEMBER], version: 1 },
  },
  { type: 'gap', ts: 1, groupId: 'g', payload: { groupId: 'g', from: 1, to: 2, reason: 'behind' } },
  { type: 'reconnect', ts: 1, payload: { reason: 'drain', afterMs: 5 } },
];

/** One message of each type that a gateway sends, with every field. */
export const GATEWAY_TEXTS: readonly string[] = MESSAGES.map((message) => JSON.stringify(message));
