import type { OutgoingToClient2 } from 'gateway-protocol';

/**
 * What the client relies on in each message, wherever in it. `decodeGatewayMessage` of `gateway-protocol` looks at more, and is twice as
 * large; whatever that one takes this one takes.
 */
const FIELDS: Readonly<Record<OutgoingToClient2['type'], readonly string[]>> = {
  ready: ['connectionId', 'heartbeat'],
  presence_update: ['groupId', 'info'],
  data_update: ['groupId', 'seq'],
  error: ['code', 'message'],
  heartbeat_ack: ['serverTs'],
  ack: ['id'],
  sync: ['groupId', 'epoch', 'seq', 'outcome', 'replayed'],
  gap: ['groupId', 'from', 'to'],
  reconnect: ['afterMs'],
};
const NUMBERS = ['seq', 'from', 'to', 'replayed', 'afterMs', 'serverTs', 'intervalMs'];
const OBJECTS = ['payload', 'heartbeat', 'info'];

/**
 * Reads one message. However long it asks to wait, that is `waitMaxMs` at most.
 * @returns `undefined` where its type is not one that is known.
 * @throws Error where it is not of the contract.
 */
export function read(text: string, waitMaxMs: number): OutgoingToClient2 | undefined {
  const message = JSON.parse(text);
  const { type, payload } = message;
  const check = (name: string, value: unknown) => {
    const kind = NUMBERS.includes(name) ? 'number' : OBJECTS.includes(name) ? 'object' : 'string';
    if (typeof value !== kind || value === null) throw new TypeError(name);
  };
  check('type', type);
  if (!Object.hasOwn(FIELDS, type)) return undefined;
  check('payload', payload);
  for (const name of FIELDS[type as OutgoingToClient2['type']]) check(name, payload[name] ?? message[name]);
  if (type === 'ready') check('intervalMs', payload.heartbeat.intervalMs);
  if (payload.afterMs > waitMaxMs) payload.afterMs = waitMaxMs;
  if (payload.retryAfterMs > waitMaxMs) payload.retryAfterMs = waitMaxMs;
  return message;
}
