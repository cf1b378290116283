import { type Since, utf8Length } from 'gateway-protocol';
import { ID_LENGTH_MAX, MESSAGE_BYTES_MAX, TAIL_MAX } from './bounds.js';
import type { Session } from './context.js';
import { GatewayClientError, textOf } from './errors.js';

/** PROTOCOL.md, "Ids". */
export const isId = (id: unknown): boolean =>
  typeof id === 'string' && id !== '' && id.length <= ID_LENGTH_MAX && !/[\p{Cc}\p{Cs}]/u.test(id);

/** PROTOCOL.md, "since". One that is wrong would have the whole `identify` refused. */
export function isSince({ epoch, seq, tail }: Since): boolean {
  const isTail = Number.isInteger(tail) && tail! > 0 && tail! <= TAIL_MAX;
  if (epoch === undefined && seq === undefined) return isTail;
  return isId(epoch) && Number.isSafeInteger(seq) && seq! >= 0 && (tail === undefined || isTail);
}

/** Longest message that the gateway takes, in bytes. */
export const messageBytesMax = ({ limits }: Session): number =>
  (limits.messageBytesMax ?? MESSAGE_BYTES_MAX) || Number.POSITIVE_INFINITY;

/** The envelope of a message; what it says comes apart. */
export interface Head {
  type: 'data_update' | 'presence';
  groupId: string;
  id?: string | undefined;
  delivery?: string | undefined;
  key?: string | undefined;
  sessionId?: string | undefined;
  traceId?: string | undefined;
  traceparent?: string | undefined;
}

/**
 * Makes the text of a message, before anything is sent: a gateway ends a connection for one that is too long.
 * @throws GatewayClientError `INVALID_DATA` where `value` is no JSON, as a cycle, a BigInt, a function or `undefined`, and `TOO_BIG`.
 */
export function checkedText(
  session: Session,
  head: Head,
  name: 'data' | 'state',
  value: unknown,
  meta?: object,
): { text: string; bytes: number } {
  let text: string;
  const { groupId, id } = head;
  try {
    const said = JSON.stringify(value);
    if (said === undefined) throw new TypeError('no JSON value');
    const rest = meta ? `,"meta":${JSON.stringify(meta)}` : '';
    text = `${JSON.stringify(head).slice(0, -1)},"payload":{"${name}":${said}${rest}}}`;
  } catch (cause) {
    throw new GatewayClientError('INVALID_DATA', `${name}: ${textOf(cause)}`, { groupId, id, cause });
  }
  const bytes = utf8Length(text);
  if (bytes > messageBytesMax(session))
    throw new GatewayClientError('TOO_BIG', `${name}: ${bytes} bytes are too many`, { groupId, id });
  return { text, bytes };
}
