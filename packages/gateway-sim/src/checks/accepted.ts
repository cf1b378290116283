import { CONVERGENCE_MS } from '../convergence.js';
import type { History } from '../history.js';
import type { GoesOn } from '../parts/backend.js';
import type { Plan } from '../plan.js';
import type { Found } from './check.js';
import { mayDouble, mayResendEarly } from './known.js';
import type { Place, Truth } from './truth.js';
import { reading } from './wire.js';

/** Codes that say for certain that a message was not accepted. */
const CERTAIN = new Set([
  'FORBIDDEN',
  'NOT_A_MEMBER',
  'TOO_BIG',
  'INVALID_DATA',
  'OUTBOX_FULL',
  'DROPPED',
  'NOT_CONNECTED',
  'TIMEOUT',
  'ABORTED',
  'LEFT',
]);

/** What was published is where its acknowledgement says, and nowhere else; what was refused is nowhere. */
export function checkAccepted(history: History, plan: Plan): Found[] {
  const { truth, goesOn } = reading(history);
  const found: Found[] = truth.contradictions.map(({ atMs, text }) => ({ atMs, text }));
  for (const [id, places] of truth.places) {
    const said = truth.said.get(id);
    if (said === undefined) {
      found.push({ atMs: places[0]?.seenAtMs ?? 0, text: `${id} was received, and nobody has said it` });
      continue;
    }
    for (const { groupId, text, seenAtMs } of places) {
      if (groupId !== said.groupId)
        found.push({ atMs: seenAtMs, text: `${id} was said in ${said.groupId}, and heard in ${groupId}` });
      if (text !== undefined && text !== said.text)
        found.push({ atMs: seenAtMs, text: `${id} was ${said.text}, and became ${text}` });
    }
    // Who has asked for it may say it again as another member.
    const isAgain = said.resends || mayResendEarly(plan);
    const isTwice = places.some((one, at) =>
      places.slice(at + 1).some((other) => {
        const isOneLog = one.epoch === other.epoch || (one.seq !== other.seq && areOfOneLog(one, other, goesOn));
        return isOneLog && (!isAgain || one.from === other.from);
      }),
    );
    if (isTwice && !mayDouble(plan))
      found.push({
        atMs: places.at(-1)?.seenAtMs ?? 0,
        text: `${id} is in one log twice, at ${places.map(({ seq }) => seq).join()}`,
      });
  }
  const settled = new Set<string>();
  for (const entry of history.entries) {
    if (entry.kind === 'accepted') {
      settled.add(entry.id);
      const place = truth.at(truth.said.get(entry.id)?.groupId ?? '', entry.epoch, entry.seq);
      if (place !== undefined && place.id !== entry.id)
        found.push({ atMs: entry.atMs, text: `${entry.id} was accepted at ${entry.epoch} ${entry.seq}, where ${place.id} is` });
    } else if (entry.kind === 'refused') {
      settled.add(entry.id);
      const [place] = truth.places.get(entry.id) ?? [];
      if (place !== undefined && CERTAIN.has(entry.code))
        found.push({ atMs: entry.atMs, text: `${entry.id} failed with ${entry.code}, and is at ${place.epoch} ${place.seq}` });
    }
  }
  const lives = new Map(history.users.map(({ who, life }) => [who, life]));
  for (const entry of history.entries) {
    if (entry.kind === 'published' && !settled.has(entry.id) && lives.get(entry.who) === entry.life)
      found.push({ atMs: entry.atMs, text: `publish ${entry.id} has never settled` });
  }
  return found;
}

/** A place that a receiver was never given was one that it could do without: `volatile`, or `latest` with a newer one of its key. */
export function checkHoles(history: History, { shared }: Plan): Found[] {
  const { truth, holes } = reading(history);
  const found: Found[] = [];
  for (const { atMs, who, groupId, epoch, from, to, isOwed } of holes) {
    if (isOwed === true && shared) continue;
    for (let seq = from; seq <= to; seq += 1) {
      const place = truth.at(groupId, epoch, seq);
      // Where nobody has seen it, its sender knows what it is. What `send` has sent has no id, and need not come.
      const { delivery, key } = place?.delivery === undefined ? (truth.said.get(place?.id ?? '') ?? {}) : place;
      const missing = (why: string) => found.push({ atMs, text: `${who} ${groupId}: ${seq} of ${epoch} never came: ${why}` });
      if (delivery === 'reliable') missing('it is reliable');
      else if (
        delivery === 'latest' &&
        !hasNewer(seq, truth.lastOf(groupId, epoch), (at) => keyAt(truth, groupId, epoch, at) === key)
      )
        missing('no newer one of its key came');
    }
  }
  return found;
}

function areOfOneLog(one: Place, other: Place, goesOn: GoesOn): boolean {
  return goesOn(one.groupId, one, other.epoch) || goesOn(one.groupId, other, one.epoch);
}

function keyAt(truth: Truth, groupId: string, epoch: string, seq: number): string | undefined {
  const place = truth.at(groupId, epoch, seq);
  return place?.key ?? truth.said.get(place?.id ?? '')?.key;
}

function hasNewer(after: number, upTo: number, isOfKey: (seq: number) => boolean): boolean {
  for (let seq = after + 1; seq <= upTo; seq += 1) if (isOfKey(seq)) return true;
  return false;
}

/** When every fault has long been over, whoever is in a group is not refused there: else a gateway that accepts nothing any more would keep every promise. */
export function checkLastWords({ entries }: History, { actsMs }: Plan): Found[] {
  const last = new Set<string>();
  return entries.flatMap((entry) => {
    if (entry.kind === 'published' && entry.atMs >= actsMs + CONVERGENCE_MS) last.add(entry.id);
    // A client that was revoked, or has ended, has stopped.
    if (entry.kind !== 'refused' || entry.code === 'STOPPED' || !last.has(entry.id)) return [];
    return [{ atMs: entry.atMs, text: `${entry.id}, said when every fault was long over, failed with ${entry.code}` }];
  });
}
