import type { History } from '../history.js';
import type { Plan } from '../plan.js';
import type { Found } from './check.js';
import { has, meets } from './known.js';

/** How long two connections may both speak for a member: gateways tell each other, and the end of one is on its way; in milliseconds. */
const BOTH_MS = 1_400;

/** A connection that was told who it is. */
interface Voice {
  connection: string;
  life: string;
  memberId: string;
  sinceMs: number;
  untilMs: number;
}

/** One connection speaks for a member: of two the earlier one is closed. */
export function checkVoices({ entries }: History, plan: Plan): Found[] {
  // Where one learns late, or never, of its end, nobody knows that it has ended.
  const isLate = has(plan, 'pause', 'kill', 'vanish', 'lose', 'stall', 'slow', 'freeze', 'reload', 'deploy');
  if (isLate || meets(plan, 'members') || plan.network.bytesPerSecond > 0) return [];
  const voices = new Map<string, Voice>();
  const found: Found[] = [];
  for (const entry of entries) {
    if (entry.kind === 'closed') {
      const voice = voices.get(entry.connection);
      if (voice !== undefined) voice.untilMs = entry.atMs;
    }
    if (entry.kind !== 'received' || entry.message.type !== 'ready') continue;
    const memberId = entry.message.payload?.memberId as string | undefined;
    const { connection, life, atMs } = entry;
    if (memberId === undefined || voices.get(connection)?.memberId === memberId) continue;
    voices.set(connection, { connection, life, memberId, sinceMs: atMs, untilMs: Number.POSITIVE_INFINITY });
  }
  const endMs = entries.at(-1)?.atMs ?? 0;
  const all = [...voices.values()];
  for (const [at, one] of all.entries()) {
    for (const other of all.slice(at + 1)) {
      // One that its own client has given up may be a while in closing.
      if (one.life === other.life) continue;
      const atMs = Math.max(one.sinceMs, other.sinceMs);
      if (one.memberId !== other.memberId || Math.min(one.untilMs, other.untilMs, endMs) - atMs < BOTH_MS) continue;
      found.push({ atMs, text: `${one.connection} and ${other.connection} are both ${one.memberId}` });
    }
  }
  return found;
}
