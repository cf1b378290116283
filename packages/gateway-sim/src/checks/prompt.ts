import { CONVERGENCE_MS } from '../convergence.js';
import type { History } from '../history.js';
import type { Plan } from '../plan.js';
import type { Found } from './check.js';
import { askedIn, groupOf } from './groups-in.js';

/** How long after the last fault something may still be under way. */
const SETTLING_MS = CONVERGENCE_MS / 2;
/** What is silent for no longer goes on: replays take turns, and a small `limits.replayBytesPerSecondMax` makes them slow. */
const GOES_ON_MS = 10_000;

/**
 * Nobody waits for the next message to be told of an earlier one, or to be synced: after the faults there is silence for a while, and what comes
 * only with the last words was stuck.
 */
export function checkPrompt(history: History, { actsMs }: Plan): Found[] {
  const [quietAtMs, lastWordsAtMs] = [actsMs + SETTLING_MS, actsMs + CONVERGENCE_MS];
  const found: Found[] = [];
  /** When each connection has asked for each group. */
  const asked = new Map<string, number>();
  /** By id, when it was sent last. */
  const sent = new Map<string, number>();
  /** When each connection was last given something of each group. */
  const given = new Map<string, number>();
  for (const entry of history.entries) {
    if (entry.kind !== 'sent' && entry.kind !== 'received') continue;
    const { connection, atMs, message } = entry;
    if (entry.kind === 'sent') {
      for (const groupId of askedIn(message)) asked.set(`${connection} ${groupId}`, atMs);
      if (message.type === 'data_update' && message.id !== undefined) sent.set(message.id, atMs);
      continue;
    }
    const place = `${connection} ${groupOf(message)}`;
    const goesOn = atMs - (given.get(place) ?? 0) < GOES_ON_MS;
    if (message.type === 'data_update') given.set(place, atMs);
    const askedAtMs = asked.get(place);
    if (atMs < lastWordsAtMs || goesOn || askedAtMs === undefined || askedAtMs > quietAtMs) continue;
    const sentAtMs = sent.get(message.id ?? '');
    if (message.type === 'data_update' && sentAtMs !== undefined && sentAtMs < quietAtMs)
      found.push({ atMs, text: `${connection}: ${message.id}, sent at ${sentAtMs.toFixed(0)}, has waited for the last words` });
    // One that says that the log was lost answers nobody.
    if (message.type === 'sync' && message.payload?.outcome !== 'reset')
      found.push({ atMs, text: `${connection}: the sync of ${groupOf(message)} has waited for the last words` });
  }
  return found;
}
