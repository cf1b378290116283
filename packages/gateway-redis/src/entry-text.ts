import type { BrokerEntry, BrokerMessage, DeliveryMode } from 'gateway-core';
import { escaped, unescaped } from './texts.js';

const MODES: Record<string, DeliveryMode | undefined> = { '-': undefined, r: 'reliable', l: 'latest', v: 'volatile' };

/** A message as the stream holds it: its delivery, its key with its length before it, and its body. */
export function entryText({ body, delivery, key }: BrokerMessage): string {
  const kept = key === undefined ? '' : escaped(key);
  return `${delivery?.charAt(0) ?? '-'}${key === undefined ? '' : kept.length}:${kept}${body}`;
}

/** A batch as the stream holds it, see `open-log.ts`. */
export function batchText(messages: readonly { readonly entry: string; readonly length: number }[]): string {
  return `${messages.map(({ length }) => length).join()};${messages.map(({ entry }) => entry).join('')}`;
}

export function entryOf(seq: number, text: string): BrokerEntry {
  const colon = text.indexOf(':');
  const length = text.slice(1, colon);
  const delivery = MODES[text.charAt(0)];
  const bodyAt = colon + 1 + Number(length);
  const key = length === '' ? undefined : unescaped(text.slice(colon + 1, bodyAt));
  return { seq, body: text.slice(bodyAt), delivery, key };
}

/** Entries that were published together. */
export interface Push {
  readonly epoch: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Those after `seq`. */
  entriesAfter(seq: number): BrokerEntry[];
}

/** @returns `undefined` where it is none of ours. */
export function pushOf(payload: Buffer): Push | undefined {
  const end = payload.indexOf(';');
  if (end < 0) return undefined;
  const [epoch = '', first = '', ...lengths] = payload.toString('latin1', 0, end).split(',');
  const firstSeq = Number(first);
  if (!Number.isSafeInteger(firstSeq) || firstSeq < 1 || lengths.length === 0) return undefined;
  return {
    epoch,
    firstSeq,
    lastSeq: firstSeq + lengths.length - 1,
    entriesAfter(seq) {
      const entries: BrokerEntry[] = [];
      let at = end + 1;
      for (const [index, length] of lengths.entries()) {
        const next = at + Number(length);
        if (firstSeq + index > seq) entries.push(entryOf(firstSeq + index, payload.toString('utf8', at, next)));
        at = next;
      }
      return entries;
    },
  };
}
