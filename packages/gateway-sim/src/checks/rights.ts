import type { History, HistoryEntry } from '../history.js';
import type { Plan } from '../plan.js';
import { START } from '../process.js';
import type { Found } from './check.js';
import { groupOf } from './groups-in.js';
import { has, meets } from './known.js';
import { heardTooLate } from './late-hearing.js';
import { reading } from './wire.js';

type Sent = HistoryEntry & { kind: 'sent' };

/** Who a connection was, and when that was over. */
interface Stay {
  memberId: string;
  gateway: string;
  /** From then on nothing that it sends is to be accepted. */
  overAtMs: number;
  why: 'was revoked' | 'was resumed' | 'had expired';
}

/** Nothing is accepted that was sent by who was revoked, had expired, or was resumed elsewhere. */
export function checkRights(history: History, plan: Plan): Found[] {
  const stays = staysOf(history, plan);
  const { truth } = reading(history);
  const found: Found[] = [];
  for (const [id, sent] of sendingsOf(history)) {
    if (!truth.places.has(id)) continue;
    // Accepted it was by one of the connections that it was sent on; wrong it is where none of them was good.
    const stay = sent.map(({ connection, atMs }) => {
      const one = stays.get(connection);
      return one !== undefined && atMs > one.overAtMs ? one : undefined;
    });
    if (stay.every((one) => one !== undefined))
      found.push({ atMs: sent[0]?.atMs ?? 0, text: `${id} was accepted of ${stay[0]?.memberId}, who ${stay[0]?.why}` });
  }
  return found;
}

/** What the broker was asked for before may be accepted a little later, in milliseconds. */
const UNDER_WAY_MS = 50;

/** Nothing is accepted after what others have said when its sender had no right to speak any more, whenever it was sent. */
export function checkLateWords(history: History, plan: Plan): Found[] {
  if (meets(plan, 'broker') || has(plan, 'pause')) return [];
  const { truth } = reading(history);
  const sendings = sendingsOf(history);
  const stays = staysOf(history, plan);
  const found = heardTooLate(history, plan, (id) => {
    const sent = sendings.get(id) ?? [];
    const stay = sent.length === 1 ? stays.get((sent[0] as Sent).connection) : undefined;
    return stay?.why === 'had expired' ? undefined : stay?.overAtMs;
  });
  for (const [connection, stay] of stays) {
    if (stay.why === 'had expired') continue;
    const own = [...sendings].filter(([, sent]) => sent.length === 1 && sent[0]?.connection === connection);
    for (const [id] of own) {
      for (const place of truth.places.get(id) ?? []) {
        const before = [...sendings].find(([other, sent]) => {
          if ((sent[0]?.atMs ?? 0) <= stay.overAtMs + UNDER_WAY_MS) return false;
          const { groupId, epoch, seq } = place;
          return (truth.places.get(other) ?? []).some((at) => at.groupId === groupId && at.epoch === epoch && at.seq < seq);
        });
        const text = `${id} was accepted of ${connection} after ${before?.[0]}, which was said when it ${stay.why}`;
        if (before !== undefined) found.push({ atMs: before[1][0]?.atMs ?? 0, text });
      }
    }
  }
  return found;
}

/** By id, each time that it was sent. */
function sendingsOf({ entries }: History): Map<string, Sent[]> {
  const sendings = new Map<string, Sent[]>();
  for (const entry of entries) {
    if (entry.kind !== 'sent' || entry.message.type !== 'data_update' || entry.message.id === undefined) continue;
    const { id } = entry.message;
    sendings.set(id, [...(sendings.get(id) ?? []), entry]);
  }
  return sendings;
}

/** By connection, who it was and until when it may speak. */
export function staysOf(history: History, plan: Plan): Map<string, Stay> {
  const stays = new Map<string, Stay>();
  const gateways = new Map<string, string>();
  const clocksAreRight = !plan.faults.includes('clocks');
  for (const entry of history.entries) {
    if (entry.kind === 'open') gateways.set(entry.connection, entry.gateway);
    else if (entry.kind === 'sent' && entry.message.type === 'identify') {
      // It may have been taken already, and its `ready` be on the way.
      const stay = stays.get(entry.connection);
      if (stay?.why === 'had expired') stay.overAtMs = Number.POSITIVE_INFINITY;
    } else if (entry.kind === 'revoked' && entry.count > 0) end(stays, entry.memberId, entry.atMs, 'was revoked');
    else if (entry.kind === 'received' && entry.message.type === 'ready' && entry.message.payload?.memberId !== undefined) {
      const { memberId, resumed, expiresAt } = entry.message.payload as {
        memberId: string;
        resumed: boolean;
        expiresAt?: number;
      };
      const { connection } = entry;
      const gateway = gateways.get(connection) as string;
      // Another gateway learns of it later, and says so by its 4004.
      if (resumed)
        end(stays, memberId, entry.atMs, 'was resumed', (name, stay) => name !== connection && stay.gateway === gateway);
      const overAtMs = expiresAt === undefined || !clocksAreRight ? Number.POSITIVE_INFINITY : expiresAt - START;
      stays.set(connection, { memberId, gateway, overAtMs, why: 'had expired' });
    }
  }
  return stays;
}

function end(
  stays: ReadonlyMap<string, Stay>,
  memberId: string,
  atMs: number,
  why: Stay['why'],
  which: (connection: string, stay: Stay) => boolean = () => true,
): void {
  for (const [connection, stay] of stays) {
    if (stay.memberId !== memberId || !which(connection, stay) || stay.overAtMs <= atMs) continue;
    stay.overAtMs = atMs;
    stay.why = why;
  }
}

/** Nobody is seen to leave who comes back as the same member. */
export function checkFlapping(history: History, plan: Plan): Found[] {
  // A gateway that is dead, or taken for dead, or cannot reach the stores may have its members seen to leave.
  const mayFlap = has(plan, 'kill', 'pause', 'deploy', 'leave', 'close', 'revoke', 'steal', 'ask', 'backend', 'jump');
  // Nor is one that is not listed any more seen to be there.
  const isListed = plan.limits.presenceMembersMax === undefined;
  if (mayFlap || plan.limits.droppedMembersMax !== undefined || !isListed) return [];
  const left = new Map<string, { who: string; atMs: number }>();
  /** Members that were told that they are in a group; who each connection is; and since when it asks to be somebody. */
  const wasIn = new Set<string>();
  const names = new Map<string, string>();
  const asked = new Map<string, number>();
  const found: Found[] = [];
  for (const entry of history.entries) {
    if (entry.kind === 'roster') {
      // Who has dropped in the middle of a join was never in.
      for (const memberId of entry.leaves)
        if (wasIn.has(`${memberId} ${entry.groupId}`)) left.set(memberId, { who: entry.life, atMs: entry.atMs });
    }
    // One that is somebody already renews its credentials.
    if (entry.kind === 'sent' && entry.message.type === 'identify' && !names.has(entry.connection))
      asked.set(entry.connection, entry.atMs);
    if (entry.kind !== 'received') continue;
    if (entry.message.type === 'sync') wasIn.add(`${names.get(entry.connection)} ${groupOf(entry.message)}`);
    if (entry.message.type !== 'ready') continue;
    const { memberId, resumed } = entry.message.payload as { memberId?: string; resumed?: boolean };
    if (memberId !== undefined) names.set(entry.connection, memberId);
    const seen = memberId === undefined || !resumed ? undefined : left.get(memberId);
    // What it hears may have been sent long before: a reader can be slow.
    const wasBack = seen !== undefined && (asked.get(entry.connection) ?? 0) < seen.atMs;
    if (seen !== undefined && !wasBack)
      found.push({ atMs: seen.atMs, text: `${seen.who} saw ${memberId} leave, who was resumed later` });
  }
  return found;
}
