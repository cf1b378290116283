import type { Since } from 'gateway-protocol';
import { ID_LENGTH_MAX, TAIL_MAX } from './bounds.js';

/** PROTOCOL.md, "Ids". */
export const isId = (id: unknown): boolean =>
  typeof id === 'string' && id.length > 0 && id.length <= ID_LENGTH_MAX && !/[\p{Cc}\p{Cs}]/u.test(id);

/** PROTOCOL.md, "since". One that is wrong would have the whole `identify` refused. */
export function isSince({ epoch, seq, tail }: Since): boolean {
  const isPosition = isId(epoch) && Number.isSafeInteger(seq) && (seq as number) >= 0;
  const isTail = Number.isInteger(tail) && (tail as number) > 0 && (tail as number) <= TAIL_MAX;
  return epoch === undefined && seq === undefined ? isTail : isPosition && (tail === undefined || isTail);
}
