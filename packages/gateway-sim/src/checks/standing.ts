import type { FinalUser, History } from '../history.js';
import type { Fault, Plan } from '../plan.js';
import type { Found } from './check.js';
import { mayStay, meets } from './known.js';
import { reading } from './wire.js';

/** The end of a run, for what is true then. */
const endOf = ({ entries }: History) => entries.at(-1)?.atMs ?? 0;

/** With these what a member says of itself may fail, and its user is told so: it is not said again by itself. */
const LOSES_STATES: ReadonlySet<Fault> = new Set(['stores', 'hooks', 'answers', 'overtaking']);

/** Acts after which a client is right to stop, or a group to be refused. */
function allows(plan: Plan, what: 'stop' | 'refuse'): boolean {
  return plan.actions.some(
    (action) =>
      (action.do === 'ask' &&
        (action.what === 'authorize'
          ? // Many messages that are refused in a row are more errors than a connection may make.
            what === 'refuse' || (action.manner === 'refuse' && plan.limits.errorsBurst !== undefined)
          : what === 'stop' && (action.what === 'authenticate' || action.what === 'token'))) ||
      (what === 'stop' && (action.do === 'revoke' || action.do === 'steal')),
  );
}

/** After the last fault everybody comes to be where they want to be, and stands at the end of the log. */
export function checkConverged(history: History, plan: Plan): Found[] {
  const atMs = endOf(history);
  const found: Found[] = [];
  const heads = headsOf(history);
  for (const user of history.users) {
    if (!user.expected || (user.state === 'stopped' && allows(plan, 'stop'))) continue;
    if (user.state !== 'online') {
      found.push({ atMs, text: `${user.life} is ${user.state}` });
      continue;
    }
    for (const { groupId, state, error, position } of user.groups) {
      if (state === 'refused' && allows(plan, 'refuse')) continue;
      if (state !== 'live') found.push({ atMs, text: `${user.life} in ${groupId} is ${state} (${error})` });
      const head = heads.get(groupId);
      if (head !== undefined && (position?.epoch !== head.epoch || position.seq !== head.seq)) {
        const text = `${user.life} in ${groupId} stands at ${position?.epoch} ${position?.seq}, and the log at ${head.epoch} ${head.seq}`;
        found.push({ atMs, text });
      }
    }
  }
  return found;
}

/** By group, the newest place that anybody knows of. */
function headsOf(history: History): Map<string, { epoch: string; seq: number }> {
  const heads = new Map<string, { epoch: string; seq: number }>();
  for (const entry of history.entries) {
    if (entry.kind !== 'accepted' || entry.duplicate) continue;
    const groupId = reading(history).truth.said.get(entry.id)?.groupId as string;
    const head = heads.get(groupId);
    if (head === undefined || head.epoch !== entry.epoch || entry.seq > head.seq) heads.set(groupId, entry);
  }
  return heads;
}

/** Whoever is in a group sees everybody who is in it, as they are, and nobody else. */
export function checkRosters(history: History, plan: Plan): Found[] {
  const atMs = endOf(history);
  const found: Found[] = [];
  const isIn = (user: FinalUser, groupId: string) =>
    user.state === 'online' && user.groups.some((group) => group.groupId === groupId && group.state === 'live');
  const saysStates = !plan.faults.some((fault) => LOSES_STATES.has(fault)) && !meets(plan, 'presence');
  for (const user of history.users) {
    for (const { groupId, members, complete } of user.groups) {
      if (!isIn(user, groupId) || !complete) continue;
      const expected = new Map(
        history.users
          .filter((other) => isIn(other, groupId))
          .map((other) => [other.memberId as string, other.groups.find((group) => group.groupId === groupId)?.said]),
      );
      for (const [memberId, said] of expected) {
        const member = members.find((one) => one.memberId === memberId);
        if (member === undefined) found.push({ atMs, text: `${user.life} does not see ${memberId} in ${groupId}` });
        else if (!member.connected) found.push({ atMs, text: `${user.life} sees ${memberId} in ${groupId} as dropped` });
        else if (saysStates && said !== undefined && JSON.stringify(member.state) !== JSON.stringify(said.state)) {
          const text = `${user.life} sees ${memberId} in ${groupId} saying ${JSON.stringify(member.state)}, not ${JSON.stringify(said.state)}`;
          found.push({ atMs, text });
        }
      }
      for (const { memberId } of members)
        if (!expected.has(memberId) && !mayStay(plan))
          found.push({ atMs, text: `${user.life} sees ${memberId} in ${groupId}, who is not there` });
    }
  }
  return found;
}

/** The books of every member balance, sessions have expired, and nothing is left when everything has closed. */
export function checkEnd(history: History): Found[] {
  const atMs = endOf(history);
  const found: Found[] = [];
  for (const { name, ledger, sessions, droppedMembers } of history.gateways) {
    for (const entry of ledger) {
      const { published, written, latest, volatile, lost, pending } = entry;
      if (published !== written + latest + volatile + lost + pending || pending !== 0)
        found.push({ atMs, text: `${name}: the books do not balance: ${JSON.stringify(entry)}` });
    }
    if (sessions > 0) found.push({ atMs, text: `${name}: ${sessions} sessions that nobody has named for long` });
    if (droppedMembers > 0) found.push({ atMs, text: `${name}: ${droppedMembers} members that dropped long ago` });
  }
  for (const { who, what, count } of history.leftovers)
    if (count > 0) found.push({ atMs, text: `${who}: ${count} ${what} left` });
  return found;
}
