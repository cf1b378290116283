import type { History } from '../history.js';
import type { Act, Plan } from '../plan.js';
import type { Found } from './check.js';
import { has } from './known.js';

/** What makes a way, or the client at its end, slow or silent. A gateway that stands still itself is no reason to call anybody so. */
const SLOW: readonly Act['do'][] = ['slow', 'stall', 'freeze', 'vanish', 'lose', 'overrun', 'reload'];
/** What was under way when a deploy began may be told otherwise; in milliseconds. */
const UNDER_WAY_MS = 1_000;

/** Whether there was a reason for a close code of the gateway's; those of 1000 to 1011 and 49xx are others'. */
const REASONS: Readonly<Record<number, (plan: Plan) => boolean>> = {
  4001: (plan) => plan.credentialsMs > 0 || asks(plan),
  4003: (plan) => has(plan, 'revoke') || asks(plan),
  4100: (plan) => plan.limits.messagesPerSecondMax !== undefined,
  4200: (plan) => has(plan, ...SLOW) || isNarrow(plan),
  4201: (plan) => has(plan, ...SLOW) || asks(plan) || isNarrow(plan),
  4202: (plan) => has(plan, 'deploy'),
  4203: (plan) => has(plan, ...SLOW) || isNarrow(plan),
};

/** A gateway closes nobody without a reason, and asks those to come back elsewhere whom it closes for its own end. */
export function checkClosed(history: History, plan: Plan): Found[] {
  // With other hooks than the built-in ones others may have reasons of their own.
  if (history.takesEverybody !== true) return [];
  const isAsked = !has(plan, ...SLOW, 'pause', 'ask', 'backend') && !isNarrow(plan);
  const gateways = new Map<string, string>();
  /** By connection, when it was identified, and whether it was asked to come back elsewhere. */
  const identified = new Map<string, number>();
  const asked = new Set<string>();
  /** By gateway, when the newest deploy began that leaves the time to ask. */
  const deploys = new Map<string, number>();
  const found: Found[] = [];
  for (const entry of history.entries) {
    const { atMs } = entry;
    if (entry.kind === 'open') gateways.set(entry.connection, entry.gateway);
    else if (entry.kind === 'act' && entry.act.do === 'deploy' && entry.act.backMs >= 0) {
      const name = `gateway-${entry.act.gateway + 1}`;
      if (entry.act.graceMs > 0 && !deploys.has(name)) deploys.set(name, atMs);
      else deploys.delete(name);
    } else if (entry.kind === 'received') {
      const { type, payload } = entry.message;
      if (type === 'ready' && payload?.memberId !== undefined && !identified.has(entry.connection))
        identified.set(entry.connection, atMs);
      if (type === 'reconnect') asked.add(entry.connection);
    } else if (entry.kind === 'closed' && entry.who !== 'mallory') {
      const { connection, code } = entry;
      if (REASONS[code]?.(plan) === false) found.push({ atMs, text: `${connection} was closed with ${code}, for no reason` });
      const deployedAtMs = deploys.get(gateways.get(connection) as string) ?? 0;
      const isOwed = isAsked && code === 4202 && (identified.get(connection) ?? atMs) < deployedAtMs - UNDER_WAY_MS;
      if (isOwed && !asked.has(connection))
        found.push({ atMs, text: `${connection} was closed for a deploy, and not asked to come back elsewhere` });
    }
  }
  return found;
}

/** Whether a hook or a part answers otherwise than at once. */
const asks = (plan: Plan) => has(plan, 'ask', 'backend');

/** Much takes long on such a way. */
const isNarrow = ({ network }: Plan) => network.bytesPerSecond > 0;
