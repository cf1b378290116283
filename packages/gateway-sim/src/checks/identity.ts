import type { History, HistoryEntry } from '../history.js';
import type { Act, Plan } from '../plan.js';
import type { Found } from './check.js';
import { has, meets } from './known.js';

/** What a gateway has said before may be on its way for so long, where nothing holds it up; in milliseconds. */
const UNDER_WAY_MS = 1_000;
const LATE: readonly Act['do'][] = ['slow', 'stall', 'freeze', 'overrun'];

type Ready = HistoryEntry & { kind: 'received' };

/** Who is a member under one name is never somebody of another. */
export function checkIdentity(history: History, { principals }: Plan): Found[] {
  if (history.takesEverybody !== true || !principals) return [];
  const names = new Map<string, string>();
  const owners = new Map<string, string>();
  const found: Found[] = [];
  for (const entry of history.entries) {
    if (entry.kind === 'sent' && entry.message.type === 'identify') {
      const { token } = (entry.message.payload ?? {}) as { token?: unknown };
      if (typeof token === 'string') names.set(entry.connection, token.split(':')[0] as string);
    }
    const memberId = entry.kind === 'received' ? memberIn(entry) : undefined;
    if (entry.kind !== 'received' || memberId === undefined) continue;
    const name = names.get(entry.connection) ?? '';
    const owner = owners.get(memberId) ?? name;
    owners.set(memberId, owner);
    if (name !== owner) found.push({ atMs: entry.atMs, text: `${entry.connection} of ${name} is ${memberId}, who is ${owner}` });
  }
  return found;
}

/** Nobody becomes a member again who was revoked. */
export function checkRevoked({ entries }: History, plan: Plan): Found[] {
  // A gateway knows of its own members, and the others' store of those that it was told of.
  if (has(plan, 'kill', 'deploy', 'pause', 'backend') || meets(plan, 'members')) return [];
  const isLate = plan.network.bytesPerSecond > 0 || has(plan, ...LATE);
  const revoked = new Map<string, number>();
  /** By connection, when it asked last. */
  const asked = new Map<string, number>();
  const found: Found[] = [];
  for (const entry of entries) {
    const { atMs } = entry;
    if (entry.kind === 'revoked') revoked.set(entry.memberId, atMs);
    else if (entry.kind === 'sent' && entry.message.type === 'identify') asked.set(entry.connection, atMs);
    const memberId = entry.kind === 'received' ? memberIn(entry) : undefined;
    if (entry.kind !== 'received' || memberId === undefined) continue;
    const since = revoked.get(memberId);
    if (since === undefined) continue;
    if ((asked.get(entry.connection) ?? 0) > since || (!isLate && atMs > since + UNDER_WAY_MS))
      found.push({ atMs, text: `${entry.connection} is ${memberId}, who was revoked at ${since.toFixed(0)}` });
  }
  return found;
}

/** Who a `ready` says that its receiver is. */
function memberIn({ message: { type, payload } }: Ready): string | undefined {
  return type === 'ready' ? (payload?.memberId as string | undefined) : undefined;
}
