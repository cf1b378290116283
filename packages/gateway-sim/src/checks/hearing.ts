import type { History } from '../history.js';
import type { Plan } from '../plan.js';
import type { Found } from './check.js';
import { has, meets } from './known.js';
import { staysOf } from './rights.js';

/** Credentials are looked at with each sweep, and gateways tell each other who has moved; in milliseconds. */
const EXPIRED_MS = 2_500;
const REVOKED_MS = 100;
const RESUMED_MS = 1_000;
/** Of two that resume so close to each other it is not known who was first. */
const APART_MS = 1_500;

/** From when on a connection is to hear nothing new, and why. */
interface Ending {
  fromMs: number;
  why: string;
}

/** Nobody is sent what was said after they were revoked, had expired, or were resumed by another connection. */
export function checkHearing(history: History, plan: Plan): Found[] {
  // One that stands still ends nobody meanwhile.
  if (has(plan, 'pause')) return [];
  const endings = new Map<string, Ending>();
  for (const [connection, { overAtMs, why }] of staysOf(history, plan)) {
    if (why !== 'was resumed')
      endings.set(connection, { fromMs: overAtMs + (why === 'had expired' ? EXPIRED_MS : REVOKED_MS), why });
  }
  for (const [connection, ending] of resumedOf(history, plan)) {
    if (ending.fromMs < (endings.get(connection)?.fromMs ?? Number.POSITIVE_INFINITY)) endings.set(connection, ending);
  }
  /** By id, when it was sent first. */
  const said = new Map<string, number>();
  const found: Found[] = [];
  for (const entry of history.entries) {
    if (entry.kind !== 'sent' && entry.kind !== 'received') continue;
    const { type, id } = entry.message;
    if (type !== 'data_update' || id === undefined) continue;
    if (entry.kind === 'sent') {
      if (!said.has(id)) said.set(id, entry.atMs);
      continue;
    }
    const ending = endings.get(entry.connection);
    if (ending === undefined || (said.get(id) ?? 0) < ending.fromMs) continue;
    found.push({ atMs: entry.atMs, text: `${entry.connection} hears ${id}, which was said after it ${ending.why}` });
  }
  return found;
}

/** Connections whose member another one has become. */
function resumedOf({ entries }: History, plan: Plan): Map<string, Ending> {
  const endings = new Map<string, Ending>();
  // What is told may be told late.
  if (meets(plan, 'members') || has(plan, 'stall', 'slow', 'freeze')) return endings;
  const readies: { connection: string; memberId: string; atMs: number; resumed: boolean }[] = [];
  for (const entry of entries) {
    if (entry.kind !== 'received' || entry.message.type !== 'ready') continue;
    const { memberId, resumed } = (entry.message.payload ?? {}) as { memberId?: string; resumed?: boolean };
    if (memberId !== undefined)
      readies.push({ connection: entry.connection, memberId, atMs: entry.atMs, resumed: resumed === true });
  }
  for (const { connection, memberId, atMs } of readies) {
    const others = readies.filter((other) => other.memberId === memberId && other.connection !== connection);
    const next = others.find((other) => other.resumed && other.atMs > atMs + APART_MS);
    const isClear = others.filter((other) => next !== undefined && Math.abs(other.atMs - next.atMs) <= APART_MS).length === 1;
    // It may have renewed its own credentials since.
    if (next !== undefined && isClear) endings.set(connection, { fromMs: next.atMs + RESUMED_MS, why: 'was resumed' });
  }
  return endings;
}
