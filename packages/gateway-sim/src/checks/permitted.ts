import type { History } from '../history.js';
import type { Plan } from '../plan.js';
import type { Found } from './check.js';
import { askedIn, groupOf } from './groups-in.js';
import { has } from './known.js';
import { reading } from './wire.js';

/** What is sent so long before the end of a time is handled before it, on a way without faults; in milliseconds. */
const UNDER_WAY_MS = 100;

/** A time in which a gateway's `authorize` says no. */
interface Refusing {
  gateway: string;
  fromMs: number;
  untilMs: number;
}

/** What `authorize` says no to is not done: nothing is accepted, and nobody comes into a group. */
export function checkPermitted(history: History, plan: Plan): Found[] {
  const refusing = refusingOf(plan);
  if (refusing.length === 0) return [];
  const { truth } = reading(history);
  const gateways = new Map<string, string>();
  /** By id, how often it was sent; and those of them that were sent while it said no. */
  const sendings = new Map<string, number>();
  const refused = new Map<string, number>();
  /** By connection and group, when it was asked for while it said no. */
  const asked = new Map<string, number>();
  const found: Found[] = [];
  for (const entry of history.entries) {
    if (entry.kind === 'open') gateways.set(entry.connection, entry.gateway);
    if (entry.kind !== 'sent' && entry.kind !== 'received') continue;
    const { connection, atMs, message } = entry;
    if (entry.kind === 'sent') {
      const isRefused = refusing.some(
        ({ gateway, fromMs, untilMs }) => gateway === gateways.get(connection) && atMs >= fromMs && atMs < untilMs,
      );
      if (message.type === 'data_update' && message.id !== undefined) {
        sendings.set(message.id, (sendings.get(message.id) ?? 0) + 1);
        if (isRefused) refused.set(message.id, atMs);
      }
      for (const groupId of askedIn(message)) {
        if (isRefused) asked.set(`${connection} ${groupId}`, atMs);
        else asked.delete(`${connection} ${groupId}`);
      }
    } else if (message.type === 'sync' && asked.has(`${connection} ${groupOf(message)}`)) {
      found.push({ atMs, text: `${connection} came into ${groupOf(message)}, which was not allowed` });
    }
  }
  for (const [id, atMs] of refused) {
    if (sendings.get(id) === 1 && truth.places.has(id)) found.push({ atMs, text: `${id} was accepted, which was not allowed` });
  }
  return found;
}

/** Where nothing else holds a message up, so that it is known when it is handled. */
function refusingOf(plan: Plan): Refusing[] {
  const { actions, actsMs, network } = plan;
  const asks = actions.filter((action) => action.do === 'ask');
  const isLate = has(plan, 'pause', 'stall', 'slow', 'freeze', 'deploy', 'kill');
  if (isLate || network.bytesPerSecond > 0 || asks.length !== 1) return [];
  return asks
    .filter(({ what, manner }) => what === 'authorize' && manner === 'refuse')
    .map(({ gateway, atMs, forMs }) => ({
      gateway: `gateway-${gateway + 1}`,
      fromMs: atMs,
      untilMs: Math.min(atMs + forMs, actsMs) - network.mostMs - UNDER_WAY_MS,
    }));
}
