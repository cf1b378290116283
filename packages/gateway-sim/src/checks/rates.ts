import type { History } from '../history.js';
import type { Plan } from '../plan.js';
import type { Found } from './check.js';

/** Clocks may go faster than the true time, as much as a plan lets them. */
const CLOCK_RATE_MAX = 1.02;

/** What one connection has done. */
interface Line {
  openedAtMs: number;
  accepted: number;
  isOver: boolean;
}

/** Of no connection more messages are accepted than its rate and its burst allow in the time that there was. */
export function checkRates({ entries, takesEverybody }: History, { limits }: Plan): Found[] {
  const { messagesBurst, messagesPerSecondMax } = limits;
  if (takesEverybody !== true || messagesBurst === undefined || messagesPerSecondMax === undefined) return [];
  const lines = new Map<string, Line>();
  const found: Found[] = [];
  for (const entry of entries) {
    if (entry.kind === 'open') lines.set(entry.connection, { openedAtMs: entry.atMs, accepted: 0, isOver: false });
    if (entry.kind !== 'received' || entry.message.type !== 'ack') continue;
    const line = lines.get(entry.connection);
    if (line === undefined) continue;
    line.accepted += 1;
    const seconds = ((entry.atMs - line.openedAtMs) * CLOCK_RATE_MAX) / 1_000;
    const most = messagesBurst + messagesPerSecondMax * seconds;
    if (line.accepted <= most || line.isOver) continue;
    line.isOver = true;
    found.push({
      atMs: entry.atMs,
      text: `${line.accepted} messages of ${entry.connection} were accepted in ${seconds.toFixed(1)} s`,
    });
  }
  return found;
}
