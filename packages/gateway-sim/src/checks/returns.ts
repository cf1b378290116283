import type { History } from '../history.js';
import type { Plan } from '../plan.js';
import type { Found } from './check.js';

/** What the ways to and from a gateway, and the clocks, may be off by, in milliseconds. */
const SLACK_MS = 1_000;
/** Of logs that nothing in a run comes near to: what their limits are by default is more. */
const BYTES_MAX = 500_000;

/** The longest that a slow broker takes, and a little, in milliseconds. */
const SLOW_MS = 3_100;

/** Whoever a client was, in one of its lives. */
interface Life {
  memberId: string;
  ttlMs: number;
  /** It was told who it is, and with what it comes back. */
  readyAtMs: number;
  heardAtMs: number;
}

/** Who comes back inside the window is the same member. */
export function checkResumed(history: History, plan: Plan): Found[] {
  const lives = new Map<string, Life>();
  /** By connection: who it asks to be. */
  const asked = new Map<string, Life>();
  const found: Found[] = [];
  for (const entry of history.entries) {
    if (entry.kind === 'sent' && entry.message.type === 'identify') {
      const life = lives.get(entry.life);
      const { resume } = (entry.message.payload ?? {}) as { resume?: { token?: string } };
      // The stores of others may not know of the token yet that has just been told.
      if (life !== undefined && resume?.token !== undefined && entry.atMs - life.readyAtMs > SLACK_MS)
        asked.set(entry.connection, { ...life });
    }
    if (entry.kind !== 'received') continue;
    const { life: name, connection, message, atMs } = entry;
    const life = lives.get(name);
    const { memberId, resumed, resume } = (message.payload ?? {}) as {
      memberId?: string;
      resumed?: boolean;
      resume?: { ttlMs: number };
    };
    if (message.type !== 'ready' || memberId === undefined || resume === undefined) {
      if (life !== undefined && !asked.has(connection)) life.heardAtMs = atMs;
      continue;
    }
    const former = asked.get(connection);
    asked.delete(connection);
    const silentMs = former === undefined ? Number.POSITIVE_INFINITY : atMs - former.heardAtMs;
    if (
      former !== undefined &&
      resumed === false &&
      silentMs < former.ttlMs - SLACK_MS &&
      keepsMembers(plan, former.heardAtMs, atMs)
    ) {
      const text = `${name} was ${former.memberId} until ${silentMs.toFixed(0)} ms ago, asked to be so again, and is ${memberId}`;
      found.push({ atMs, text });
    }
    lives.set(name, { memberId, ttlMs: resume.ttlMs, readyAtMs: atMs, heardAtMs: atMs });
  }
  return found;
}

/** How long after its end a fault may still cost a member, in milliseconds: what was asked then may be given up later. */
const AFTER_MS = 10_000;
const AFTER_ASKED_MS = 30_000;
/** What may cost a member, or may let its client hear something long after it was sent. */
const EXCUSES = ['ask', 'backend', 'revoke', 'steal', 'stall', 'slow', 'freeze'];
/** And what costs those of a gateway that has them for itself. */
const ENDS = ['kill', 'deploy'];

/** Whether nothing happens from then on, nor just before, that may cost a member. */
function keepsMembers({ actions, limits, shared, network }: Plan, sinceMs: number, untilMs: number): boolean {
  if (limits.droppedMembersMax !== undefined || network.bytesPerSecond > 0) return false;
  return !actions.some((action) => {
    if (!EXCUSES.includes(action.do) && (shared || !ENDS.includes(action.do))) return false;
    const { forMs = 0, backMs = 0, graceMs = 0 } = action as { forMs?: number; backMs?: number; graceMs?: number };
    const endMs =
      action.atMs + forMs + backMs + graceMs + (action.do === 'ask' || action.do === 'backend' ? AFTER_ASKED_MS : AFTER_MS);
    return action.atMs <= untilMs && endMs >= sinceMs;
  });
}

/** What a log has room for is not lost: nobody is told so. */
export function checkKept(history: History, plan: Plan): Found[] {
  const { limits, actions, timings } = plan;
  const isSmall =
    limits.logMessagesMax !== undefined || limits.logAgeMaxMs !== undefined || limits.logBytesTotalMax !== undefined;
  const bytes = actions.reduce((sum, action) => sum + (action.do === 'publish' ? action.count * (action.bytes + 200) : 0), 0);
  // Where it is only slow, it is waited for.
  const isWaitedFor = (timings.partTimeoutMs ?? Number.POSITIVE_INFINITY) > SLOW_MS;
  const mayLose = actions.some((action) => {
    if (action.do === 'lose logs' || action.do === 'backend') return true;
    return action.do === 'ask' && action.what === 'broker' && !(action.manner === 'slow' && isWaitedFor);
  });
  if (isSmall || mayLose || bytes > BYTES_MAX) return [];
  return history.entries.flatMap((entry) => {
    if (entry.kind !== 'received') return [];
    const { type, payload = {} } = entry.message;
    const isLoss = type === 'gap' || (type === 'sync' && payload.outcome === 'reset' && payload.reason === 'trimmed');
    return isLoss ? [{ atMs: entry.atMs, text: `${entry.connection}: ${JSON.stringify(entry.message)}` }] : [];
  });
}
