import type { History } from '../history.js';
import type { Plan } from '../plan.js';
import type { Found } from './check.js';

/** What gateways keep is within their limits: dropped members at any time, logs once there is nothing to do. */
export function checkLimits({ gateways, entries }: History, plan: Plan): Found[] {
  const atMs = entries.at(-1)?.atMs ?? 0;
  return gateways.flatMap(({ name, droppedMembersMost, logBytes, limits = plan.limits }) => {
    const { droppedMembersMax = Number.POSITIVE_INFINITY, logBytesTotalMax = Number.POSITIVE_INFINITY } = limits;
    const found: Found[] = [];
    if (droppedMembersMost > droppedMembersMax)
      found.push({ atMs, text: `${name}: ${droppedMembersMost} dropped members at one time, of at most ${droppedMembersMax}` });
    if (logBytes > logBytesTotalMax)
      found.push({ atMs, text: `${name}: logs of ${logBytes} bytes, of at most ${logBytesTotalMax}` });
    return found;
  });
}
