import type { History, HistoryEntry } from '../history.js';
import type { Found } from './check.js';
import { reading } from './wire.js';

type Sent = HistoryEntry & { kind: 'sent' };

/** What one client says in a group is sent in the order of its calls, and gets its places in that order. */
export function checkSenders(history: History): Found[] {
  const { truth } = reading(history);
  /** By id: one that was said again may have been taken the second time. */
  const sendings = new Map<string, number>();
  const lines = new Map<string, Sent[]>();
  /** By id, which call of all it was. */
  const calls = new Map<string, number>();
  for (const entry of history.entries) {
    if (entry.kind === 'published') calls.set(entry.id, calls.size);
    if (entry.kind !== 'sent' || entry.message.type !== 'data_update' || entry.message.id === undefined) continue;
    const { id, groupId } = entry.message;
    sendings.set(id, (sendings.get(id) ?? 0) + 1);
    const line = `${entry.connection} ${groupId}`;
    const sent = lines.get(line);
    if (sent === undefined) lines.set(line, [entry]);
    else sent.push(entry);
  }
  const found: Found[] = [];
  for (const [line, sent] of lines) {
    /** By epoch, the last place. */
    const last = new Map<string, { seq: number; id: string }>();
    let lastCall = -1;
    for (const { message, atMs } of sent) {
      const id = message.id as string;
      if (sendings.get(id) !== 1) continue;
      const call = calls.get(id) ?? lastCall;
      if (call < lastCall) found.push({ atMs, text: `${line}: ${id} is sent after what was published later` });
      lastCall = Math.max(call, lastCall);
      for (const { epoch, seq } of truth.places.get(id) ?? []) {
        const before = last.get(epoch);
        if (before !== undefined && seq < before.seq)
          found.push({ atMs, text: `${line}: ${id} was said after ${before.id}, and is at ${seq}, before ${before.seq}` });
        else last.set(epoch, { seq, id });
      }
    }
  }
  return found;
}

/** Messages are acknowledged in the order in which they were sent. */
export function checkAnswers({ entries }: History): Found[] {
  const found: Found[] = [];
  /** By connection and id, which message it was; and the last one that was acknowledged. */
  const sent = new Map<string, number>();
  const last = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind === 'sent' && entry.message.type === 'data_update' && entry.message.id !== undefined)
      sent.set(`${entry.connection} ${entry.message.id}`, sent.size);
    if (entry.kind !== 'received' || entry.message.type !== 'ack') continue;
    const { connection, atMs } = entry;
    const id = entry.message.payload?.id as string;
    const at = sent.get(`${connection} ${id}`);
    if (at === undefined) continue;
    if (at < (last.get(connection) ?? -1))
      found.push({ atMs, text: `${connection}: ${id} is acknowledged after a later message` });
    last.set(connection, Math.max(at, last.get(connection) ?? -1));
  }
  return found;
}
