import { type Since, utf8Length } from 'gateway-protocol';
import { ID_LENGTH_MAX, TAIL_MAX } from './bounds.js';
import { type ErrorDetails, GatewayClientError } from './errors.js';
import type { Session } from './session.js';

/** PROTOCOL.md, "Ids". */
export const isId = (id: unknown): boolean =>
  typeof id === 'string' && id.length > 0 && id.length <= ID_LENGTH_MAX && !/[\p{Cc}\p{Cs}]/u.test(id);

/** PROTOCOL.md, "since". One that is wrong would have the whole `identify` refused. */
export function isSince({ epoch, seq, tail }: Since): boolean {
  const isPosition = isId(epoch) && Number.isSafeInteger(seq) && (seq as number) >= 0;
  const isTail = Number.isInteger(tail) && (tail as number) > 0 && (tail as number) <= TAIL_MAX;
  return epoch === undefined && seq === undefined ? isTail : isPosition && (tail === undefined || isTail);
}

/**
 * Makes the text of a message, before anything is sent: a gateway ends a connection for one that is too long.
 * @throws GatewayClientError `INVALID_DATA` where what it says is no JSON, and `TOO_BIG`.
 */
export function checkedText(
  what: 'data' | 'state',
  make: () => string,
  { messageBytesMax }: Session,
  about: ErrorDetails,
): { text: string; bytes: number } {
  let text: string;
  try {
    text = make();
  } catch (cause) {
    throw new GatewayClientError('INVALID_DATA', `${what}: not JSON`, { ...about, cause });
  }
  const bytes = utf8Length(text);
  if (bytes > messageBytesMax) {
    throw new GatewayClientError('TOO_BIG', `${what}: the gateway takes fewer bytes than ${bytes}`, about);
  }
  return { text, bytes };
}
