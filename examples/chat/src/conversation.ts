import type { Message, Update } from 'gateway-client';
import type { Said } from './client.js';

/** Most lines that a page keeps. */
const LINES_MAX = 500;

/**
 * What became of a message. `sending`: no answer yet. `accepted`: it has its place in the log. `unknown`: it was sent and the answer was
 * lost, so it may be there or not. `failed`: it is not there.
 */
export type Fate = 'sending' | 'accepted' | 'unknown' | 'failed';

/** One message, as it is shown. */
export interface Line {
  type: 'line';
  /** Its idempotency key where it has one: a message of one's own is the same line before and after it is in the log. */
  key: string;
  text: string;
  name: string;
  at: number;
  own: boolean;
  fate: Fate;
  /** Why it failed. */
  problem?: string | undefined;
}

/** A place at which something may be missing. */
export interface Hole {
  type: 'hole';
  key: string;
  text: string;
}

export type Entry = Line | Hole;

/** Entries in the order of the log, then what is not in it yet, in the order in which it was written. */
export interface Conversation {
  readonly log: readonly Entry[];
  readonly outbox: readonly Line[];
}

export type Action =
  | { type: 'update'; update: Update<Said> }
  | { type: 'written'; key: string; said: Said; at: number }
  | { type: 'settled'; key: string; fate: Fate; problem?: string | undefined };

export const EMPTY: Conversation = { log: [], outbox: [] };

export function converse(conversation: Conversation, action: Action): Conversation {
  if (action.type === 'update') return updated(conversation, action.update);
  const { log, outbox } = conversation;
  if (action.type === 'written') {
    const { key, said, at } = action;
    const line: Line = { type: 'line', key, ...said, at, own: true, fate: 'sending' };
    // Written again: its fate is open again, and its place stays.
    const isAgain = outbox.some((other) => other.key === key);
    return {
      log,
      outbox: isAgain ? outbox.map((other) => (other.key === key ? { ...line, at: other.at } : other)) : [...outbox, line],
    };
  }
  const { key, fate, problem } = action;
  return { log, outbox: outbox.map((line) => (line.key === key ? { ...line, fate, problem } : line)) };
}

function updated({ log, outbox }: Conversation, update: Update<Said>): Conversation {
  if (update.type === 'message') {
    const line = lineOf(update);
    // Seen already: a room that is joined anew begins with the last messages again.
    if (log.some(({ key }) => key === line.key)) return { log, outbox };
    return { log: [...log, line].slice(-LINES_MAX), outbox: outbox.filter(({ key }) => key !== line.key) };
  }
  const isLoss = update.type === 'gap' || (update.type === 'sync' && update.outcome === 'reset');
  if (!isLoss || log.length === 0) return { log, outbox };
  const at = update.type === 'gap' ? `gap ${update.from}` : `reset ${update.epoch} ${update.seq}`;
  return { log: [...log, { type: 'hole', key: at, text: 'Some messages may be missing here' }], outbox };
}

function lineOf({ id, epoch, seq, data, ts, own }: Message<Said>): Line {
  return { type: 'line', key: id ?? `${epoch} ${seq}`, text: data.text, name: data.name, at: ts, own, fate: 'accepted' };
}

/** Checks what others say: a client can send anything. @throws TypeError */
export function saidOf(data: unknown): Said {
  const { text, name } = (data ?? {}) as Partial<Said>;
  if (typeof text !== 'string' || typeof name !== 'string') throw new TypeError('not a message of this chat');
  return { text, name };
}
