import type { OutgoingToClient2 } from './gateway-signals.js';

/** What {@link decodeGatewayMessage} answers. */
export type DecodedGatewayMessage =
  /** `message` is undefined where its type is not one of this version of the contract: a client passes over it. */
  | { ok: true; message: OutgoingToClient2 | undefined }
  /** Not a message of the contract; `error` names the field. */
  | { ok: false; error: string };

type Kind = 'string' | 'number' | 'object' | 'any';
type Fields = Readonly<Record<string, Kind>>;
type Shape = { [Field: string]: unknown };

/** What must be there: of the envelope, and of the payload. */
const SHAPES: Readonly<Record<OutgoingToClient2['type'], readonly [envelope: Fields, payload: Fields]>> = {
  ready: [{}, { connectionId: 'string', heartbeat: 'object' }],
  presence_update: [{}, { groupId: 'string', info: 'object' }],
  data_update: [{ groupId: 'string', seq: 'number' }, { data: 'any' }],
  error: [{}, { code: 'string', message: 'string' }],
  heartbeat_ack: [{}, { serverTs: 'number' }],
  ack: [{}, { id: 'string' }],
  sync: [{}, { groupId: 'string', epoch: 'string', seq: 'number', outcome: 'string', replayed: 'number' }],
  gap: [{}, { groupId: 'string', from: 'number', to: 'number' }],
  reconnect: [{}, { afterMs: 'number' }],
};
/** Where they are there, they are lists; those of members hold objects with a `memberId`. */
const MEMBER_LISTS = ['members', 'joins', 'updates'];
const LISTS = [...MEMBER_LISTS, 'leaves', 'groups'];

/**
 * Reads one text message of a gateway, for a client. It never throws. It is lenient, so that a client understands gateways to come: fields
 * that it does not know stay in the message, values of known fields may be new ones, and a type that it does not know is no error. What a
 * program relies on is checked: the fields that are always there, and lists. `__proto__` is a key like any other, as in `JSON.parse`.
 * @example
 * decodeGatewayMessage('{"type":"ack","ts":1,"payload":{"id":"m-17"}}'); // { ok: true, message: { type: 'ack', … } }
 * decodeGatewayMessage('{"type":"weather","ts":1}'); // { ok: true, message: undefined }
 */
export function decodeGatewayMessage(text: string): DecodedGatewayMessage {
  let sent: unknown;
  try {
    sent = JSON.parse(text);
  } catch {
    return { ok: false, error: 'not JSON' };
  }
  if (!is(sent, 'object')) return { ok: false, error: 'not an object' };
  const { type, payload } = sent as Shape;
  if (typeof type !== 'string') return { ok: false, error: 'type' };
  if (!Object.hasOwn(SHAPES, type)) return { ok: true, message: undefined };
  if (!is(payload, 'object')) return { ok: false, error: 'payload' };
  const fields = payload as Shape;
  const shape = SHAPES[type as OutgoingToClient2['type']];
  const fault = missing(sent as Shape, shape[0]) ?? missing(fields, shape[1]) ?? wrongList(fields) ?? wrongReady(fields);
  return fault === undefined ? { ok: true, message: sent as unknown as OutgoingToClient2 } : { ok: false, error: fault };
}

function missing(value: Shape, fields: Fields): string | undefined {
  return Object.keys(fields).find((name) => !Object.hasOwn(value, name) || !is(value[name], fields[name] as Kind));
}

function wrongList(payload: Shape): string | undefined {
  return LISTS.find((name) => {
    const list = payload[name];
    if (list === undefined) return false;
    const isList = Array.isArray(list);
    return !isList || (MEMBER_LISTS.includes(name) && list.some((one) => !is(one, 'object') || typeof one.memberId !== 'string'));
  });
}

function wrongReady({ heartbeat, memberId, resume }: Shape): string | undefined {
  if (heartbeat === undefined) return undefined;
  const { intervalMs, timeoutMs } = heartbeat as Shape;
  if (typeof intervalMs !== 'number' || typeof timeoutMs !== 'number') return 'heartbeat';
  if (memberId === undefined) return undefined;
  if (typeof memberId !== 'string') return 'memberId';
  return is(resume, 'object') && typeof (resume as Shape).token === 'string' ? undefined : 'resume';
}

function is(value: unknown, kind: Kind): boolean {
  if (kind === 'any') return true;
  return kind === 'object' ? typeof value === 'object' && value !== null && !Array.isArray(value) : typeof value === kind;
}
