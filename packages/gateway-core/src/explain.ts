import type { Clock } from './clock.js';
import { GatewayError } from './errors.js';
import type { Explained, Explanation } from './explanation.js';
import type { LoggedMessage } from './groups/fan-out.js';
import type { Groups } from './groups/groups.js';
import type { Hub } from './hub.js';
import { memberHere } from './member-here.js';
import { placeOf } from './members/member.js';
import type { Members } from './members/members.js';
import type { Books, Gap, RecentEnds } from './recent-ends.js';

/** What an explanation is made of. */
export interface ExplainParts {
  hub: Hub;
  members: Members;
  groups: Groups;
  ends: RecentEnds;
  clock: Clock;
}

/** What became of a message for a member, see `Gateway.explain`: from its place, the log and what has ended lately. */
export function explain(parts: ExplainParts, explained: Explained): Explanation {
  check(explained);
  const { groupId, seq, memberId, epoch } = explained;
  const { groups, ends, clock } = parts;
  const group = groups.get(groupId);
  const member = memberHere(parts, memberId);
  const place = placeOf(member, groupId);
  const departure = place === undefined ? ends.departure(memberId, groupId) : undefined;
  const position = group?.position;
  const isConnected = member?.state === 'connected';
  const ended = isConnected ? undefined : ends.end(memberId);
  const known = { position, leftAt: departure?.at, ended };
  const answer = (fate: Explanation['fate'], text: string, more: Partial<Explanation> = {}): Explanation => ({
    ...known,
    fate,
    text: ended === undefined ? text : `${text} ${saying(ended)}`,
    ...more,
  });

  const itsEpoch = departure?.epoch ?? position?.epoch;
  if (place === undefined && departure === undefined) {
    return answer('not_a_member', `${memberId} is not in ${groupId} on this gateway, and has not left it lately.`);
  }
  if ((epoch ?? position?.epoch ?? itsEpoch) !== itsEpoch) {
    return answer('other_log', `The log of ${groupId} is another one than that of the message, or than when the member left.`);
  }
  const isItsLog = position !== undefined && position.epoch === itsEpoch;
  // Of a log that is no more nobody knows what it had at its end.
  if (isItsLog && seq > position.seq) return answer('not_published', `The newest message of ${groupId} is ${position.seq}.`);
  const logged = isItsLog ? group?.lookAt(seq) : undefined;
  const loggedAt = logged && clock.now() - Math.round(clock.monotonicMs() - logged.cameAt);
  const books: Books = place ?? (departure?.books as Books);
  if (departure !== undefined && seq > departure.headSeq) {
    return answer('after', `It had left at ${departure.headSeq}.`, { loggedAt });
  }
  if (seq <= books.start) {
    return answer('before', `It joined, or was brought to another position, after ${books.start}.`, { loggedAt });
  }
  if (seq > books.cursor) {
    if (departure !== undefined) return answer('unsent', `It had been written up to ${books.cursor} when it left.`, { loggedAt });
    const why = isConnected
      ? `It has been written up to ${books.cursor}: its socket is full, or its turn has not come.`
      : `It has been written up to ${books.cursor}, and may come back for the rest.`;
    return answer('pending', why, { loggedAt });
  }
  const { fate, text, ...details } = whatWasRead(seq, books, logged, ends.gaps(memberId, groupId, itsEpoch as string));
  return answer(fate, text, { loggedAt, ...details });
}

/** Of a message that the cursor is past. */
function whatWasRead(seq: number, books: Books, logged: LoggedMessage | undefined, gaps: readonly Gap[]): Explanation {
  const gap = gaps.find(({ from, to }) => from <= seq && seq <= to);
  if (gap !== undefined) {
    const { from, to, at } = gap;
    return {
      fate: 'lost',
      text: `The log no longer reached it: it was told a gap from ${from} to ${to}.`,
      gap: { from, to, at },
    };
  }
  const passedOverAs = passedAs(logged, books);
  const told = gaps.filter(({ from }) => from > books.start).reduce((sum, { from, to }) => sum + to - from + 1, 0);
  // Not in a gap that is known, and there was no other.
  if (passedOverAs === 'none' && books.lost === told) {
    return { fate: 'written', text: 'It was handed to the socket of its connection.' };
  }
  if (passedOverAs === 'latest' || passedOverAs === 'volatile') {
    const newer = logged?.newer;
    const why = newer === undefined ? 'the message was volatile' : `${newer} is newer and of the same key`;
    return { fate: 'passed_over', text: `It was behind, and ${why}.`, passedOverAs, newer };
  }
  const { latest, volatile, lost } = books;
  const counts = `${latest} were passed over as latest, ${volatile} as volatile, and ${lost} were lost`;
  return { fate: 'uncertain', text: `Of what it has been past, ${counts}: this may be one of them.` };
}

/** As what it was passed over, as far as the counts say; `none`: it certainly was not. */
function passedAs(
  logged: LoggedMessage | undefined,
  { start, cursor, latest, volatile }: Books,
): 'latest' | 'volatile' | 'none' | undefined {
  if (latest + volatile === 0) return 'none';
  if (logged === undefined) return undefined;
  const kind = logged.passedOverAs;
  const passed = { latest, volatile };
  if (kind === undefined || passed[kind] === 0) return 'none';
  return logged.countPassable(kind, start + 1, cursor) === passed[kind] ? kind : undefined;
}

function saying({ code, reason, by }: NonNullable<Explanation['ended']>): string {
  const who = { client: 'by the client or its network', gateway: 'by a rule of the gateway', host: 'by the host' }[by];
  return `Its last connection ended with ${code}${reason === '' ? '' : ` (${reason})`}, ${who}.`;
}

function check(explained: Explained): void {
  if (typeof explained !== 'object' || explained === null) {
    throw new GatewayError('INVALID_ARGUMENT', 'explained: must be an object');
  }
  const { groupId, seq, memberId, epoch } = explained;
  const wrong =
    (typeof groupId !== 'string' && 'groupId: must be a string') ||
    (!(Number.isSafeInteger(seq) && seq > 0) && 'seq: must be an integer from 1') ||
    (typeof memberId !== 'string' && 'memberId: must be a string') ||
    (epoch !== undefined && typeof epoch !== 'string' && 'epoch: must be a string');
  if (wrong) throw new GatewayError('INVALID_ARGUMENT', wrong);
}
