import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GATEWAY_MESSAGES } from '../schema/gateway-messages.js';
import { GATEWAY_FIELDS } from './gateway-messages.js';
import { compileContract, openSchema } from './schema-validators.js';
import { gatewayMessage } from './signal-arbitraries.js';

const validators = compileContract(openSchema.definitions, 'open');
const inDialect1 = validators('OutgoingToClient');
const inDialect2 = validators('OutgoingToClient2');

test('every message that the types allow is taken, and by dialect 1 only what is of its types', () => {
  const types = new Set<string>();
  fc.assert(
    fc.property(gatewayMessage, (message) => {
      const sent = JSON.parse(JSON.stringify(message));
      types.add(message.type);
      expect(inDialect2(sent), JSON.stringify([sent, inDialect2.errors])).toBe(true);
      expect(inDialect1(sent)).toBe(['ready', 'presence_update', 'data_update', 'error'].includes(message.type));
    }),
    { numRuns: 2_000 },
  );
  expect(types).toStrictEqual(new Set(Object.keys(GATEWAY_FIELDS)));
});

const FULL: [name: string, message: { [field: string]: unknown; payload: { [field: string]: unknown } }][] = [
  ['ReadySignal', { type: 'ready', ts: 1, payload: { connectionId: 'c', heartbeat: { intervalMs: 1, timeoutMs: 2 } } }],
  ['PresenceUpdateSignal2', { type: 'presence_update', ts: 1, groupId: 'g', payload: { groupId: 'g', info: { status: 'UP' } } }],
  ['DataUpdateDelivery', { type: 'data_update', seq: 1, ts: 1, groupId: 'g', payload: { data: null } }],
  ['ErrorSignal', { type: 'error', ts: 1, payload: { code: 'INTERNAL', message: 'm', retryable: true } }],
  ['HeartbeatAckSignal', { type: 'heartbeat_ack', ts: 1, payload: { serverTs: 1 } }],
  ['AckSignal', { type: 'ack', ts: 1, payload: { id: 'm-1' } }],
  [
    'SyncSignal',
    { type: 'sync', ts: 1, groupId: 'g', payload: { groupId: 'g', epoch: 'e', seq: 0, outcome: 'live', replayed: 0 } },
  ],
  ['GapSignal', { type: 'gap', ts: 1, groupId: 'g', payload: { groupId: 'g', from: 1, to: 1, reason: 'behind' } }],
  ['ReconnectSignal', { type: 'reconnect', ts: 1, payload: { reason: 'drain', afterMs: 0 } }],
];

test.each(FULL)('%s: each of these fields is needed, and none may be null or of another type', (name, message) => {
  const validate = validators(name);
  expect(validate(message), JSON.stringify(validate.errors)).toBe(true);
  const places = (from: object) => Object.keys(from).filter((field) => field !== 'data');
  for (const wrong of [undefined, null, []]) {
    for (const field of places(message)) expect(validate({ ...message, [field]: wrong }), field).toBe(false);
    for (const field of places(message.payload))
      expect(validate({ ...message, payload: { ...message.payload, [field]: wrong } }), `payload.${field}`).toBe(false);
  }
});

test.each<[name: string, payload: object]>([
  ['SyncSignal', { groupId: 'g', epoch: 'e', seq: 0, outcome: 'reset', replayed: 0 }],
  ['SyncSignal', { groupId: 'g', epoch: 'e', seq: 0, outcome: 'recovered', reason: 'epoch', replayed: 0 }],
  ['AckSignal', { id: 'm', epoch: 'e' }],
  ['PresenceUpdateSignal2', { groupId: 'g', info: { status: 'UP' }, version: 1, members: [], joins: [] }],
  ['PresenceUpdateSignal2', { groupId: 'g', info: { status: 'UP' }, leaves: [] }],
])('%s: fields that contradict each other are refused: %j', (name, payload) => {
  const { type } = GATEWAY_MESSAGES[name]!;
  expect(validators(name)({ type, ts: 1, groupId: 'g', payload })).toBe(false);
});
