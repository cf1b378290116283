import type { History } from '../history.js';
import type { Act, Plan } from '../plan.js';
import type { Found } from './check.js';
import { groupOf } from './groups-in.js';
import { has, meets } from './known.js';

/** What gateways and their broker take, where neither is slow, in milliseconds. */
const UNDER_WAY_MS = 100;
/** Acts that may hold up what others are told. */
const LATE: readonly Act['do'][] = [
  'pause',
  'stall',
  'slow',
  'freeze',
  'vanish',
  'lose',
  'kill',
  'deploy',
  'overrun',
  'lose logs',
];

/**
 * Who is in a group is told at once of what is accepted there: what they hear long after its sender had no right to speak any more was accepted
 * after it, whenever it was sent.
 * @param overAtMs when that was, of who has sent a message; `undefined`: they may.
 */
export function heardTooLate({ entries }: History, plan: Plan, overAtMs: (id: string) => number | undefined): Found[] {
  const { actions, network, limits, users } = plan;
  const mayBeLate = meets(plan, 'broker') || has(plan, ...LATE);
  if (mayBeLate || network.bytesPerSecond > 0 || limits.socketHighWaterMarkBytes !== undefined) return [];
  const bytes = actions.reduce((sum, action) => sum + (action.do === 'publish' ? action.count * (action.bytes + 500) : 0), 0);
  // Small buffers take a round trip each time that they are full.
  const wayMs = UNDER_WAY_MS + network.mostMs * 2 * (1 + (bytes * users) / network.bufferBytes);
  const found: Found[] = [];
  /** By connection and group, since when what comes is new. */
  const live = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind !== 'sent' && entry.kind !== 'received') continue;
    const { connection, atMs, message } = entry;
    const { type, id } = message;
    const place = `${connection} ${groupOf(message)}`;
    if (entry.kind === 'sent') {
      if (type === 'join' || type === 'leave') live.delete(place);
    } else if (type === 'sync') live.set(place, atMs);
    else if (type === 'data_update' && id !== undefined) {
      const endedAtMs = overAtMs(id);
      if (endedAtMs === undefined || (live.get(place) ?? Number.POSITIVE_INFINITY) > endedAtMs) continue;
      if (atMs > endedAtMs + wayMs)
        found.push({ atMs, text: `${connection} hears ${id}, whose sender had no right to speak since ${endedAtMs.toFixed(0)}` });
    }
  }
  return found;
}
