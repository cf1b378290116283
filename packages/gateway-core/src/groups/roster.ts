import { differenceFrame, memberText, type RosterFrame, rosterFrame } from '../answers.js';
import type { Limits } from '../limits.js';
import type { GroupPresence, PresenceMember } from '../presence/presence-store.js';
import { bytesOfText } from '../text-bytes.js';
import type { LogBudget } from './log-budget.js';

/** What the presence store has answered of a group. */
export interface RosterNews {
  readonly ts: number;
  readonly info: GroupPresence;
  /** `undefined`: they are too many to be listed. */
  readonly members: readonly PresenceMember[] | undefined;
  /** Which question it answers; questions are counted. */
  readonly asked: number;
}

/** What leads from one list to the next. */
interface Step {
  /** The announcement that it went out with. */
  readonly at: number;
  readonly frame: Buffer;
}

/** Differences that are kept for who has missed some. */
const STEPS_MAX = 8;
/** Beside its text, a member in the list takes an entry of a map and its id. */
const MEMBER_BYTES = 120;
/** What a roster takes beside its members and frames, and a frame beside its bytes. Measured, see group-memory.test.ts. */
const ROSTER_BYTES = 512;
const FRAME_BYTES = 200;

/**
 * Who is in a group, as its members of dialect 2 were last told, and the last differences that led there. Each difference is made once and
 * shared by all who need it; who has missed more gets the whole list, which is made once for each version and shared as well.
 *
 * A list over `presenceMembersMax` or `presenceListBytesMax`, or for which the budget has no room, is none: only how many they are is told.
 */
export class Roster {
  /** Members that are told: places of dialect 2. */
  listeners = 0;
  /** Counts the changes that were announced. */
  #version = 0;
  /** Of the last of them; `undefined`: nothing is known. */
  #news: RosterNews | undefined;
  /** JSON texts by member id, in the order in which they were told of. */
  #members: Map<string, string> | undefined;
  #membersBytes = 0;
  readonly #steps: Step[] = [];
  #stepsBytes = 0;
  /** Who was told all up to this announcement needs only the steps. */
  #stepsFrom = 0;
  #whole: RosterFrame | undefined;
  #asked = 0;
  #isResting = false;
  #held = 0;

  constructor(
    private readonly groupId: string,
    private readonly limits: Limits,
    private readonly budget: LogBudget,
  ) {}

  get isKnown(): boolean {
    return this.#news !== undefined;
  }

  /** Whether so many may be listed. */
  lists(members: number): boolean {
    return members <= this.limits.presenceMembersMax;
  }

  /** For a `sync`: `"version":…,"members":[…]`. `undefined`: nobody is listed. */
  get list(): Buffer | undefined {
    if (this.#members === undefined) return undefined;
    const { frame, rosterAt } = this.#wholeFrame();
    return frame.subarray(rosterAt, -'}}'.length);
  }

  /** What a member has to be written that was told all up to the announcement `seen`; `undefined`: nothing is known yet. */
  framesAfter(seen: number): readonly Buffer[] | undefined {
    if (this.#news === undefined) return undefined;
    if (seen < this.#stepsFrom) return [this.#wholeFrame().frame];
    return this.#steps.filter(({ at }) => at > seen).map(({ frame }) => frame);
  }

  /** Takes what is to be told with the announcement `at`. */
  take(news: RosterNews, at: number): void {
    this.#isResting = false;
    // One that was asked for earlier has come later: what is known is newer.
    if (news.asked < this.#asked) return;
    this.#asked = news.asked;
    const next = this.#listOf(news);
    if (next === undefined || this.#members === undefined) this.#replace(next, news, at);
    else this.#change(this.#members, next, news, at);
    this.#count();
  }

  /** Whether differences are kept. */
  get hasSteps(): boolean {
    return this.#steps.length > 0;
  }

  /** Everybody who is told has seen what was announced up to `seen`: what led there nobody needs any more. */
  dropSteps(seen: number): void {
    while (this.#steps.length > 0 && (this.#steps[0] as Step).at <= seen) this.#dropStep();
    this.#count();
  }

  /** Somebody comes who will need it. */
  keep(): void {
    this.#isResting = false;
  }

  /** Nobody is there who is told. Said twice in a row it is forgotten: one that comes back at once finds it as it was. */
  rest(): void {
    if (this.#isResting) this.forget();
    this.#isResting = true;
  }

  forget(): void {
    this.#news = undefined;
    this.#members = undefined;
    this.#membersBytes = 0;
    this.#clearSteps();
    this.#count();
  }

  #listOf({ members }: RosterNews): Map<string, string> | undefined {
    if (members === undefined || !this.lists(members.length)) return undefined;
    const list = new Map<string, string>();
    // Brackets, and a comma after each but the last.
    let bytes = 1;
    for (const member of members) {
      const text = memberText(member);
      bytes += Buffer.byteLength(text) + 1;
      list.set(member.memberId, text);
    }
    if (bytes > this.limits.presenceListBytesMax) return undefined;
    // Its texts, the whole frame, and steps that are together no longer.
    const held = list.size * MEMBER_BYTES + 3 * bytes;
    return this.budget.hasRosterRoom(held - this.#held) ? list : undefined;
  }

  /** There was no list before, or there is none any more. */
  #replace(next: Map<string, string> | undefined, news: RosterNews, at: number): void {
    const isOnlyCounted = next === undefined && this.#members === undefined;
    if (isOnlyCounted && this.#news !== undefined && isSameCount(this.#news.info, news.info)) return;
    this.#members = next;
    this.#told(news);
    this.#clearSteps();
    this.#stepsFrom = at;
  }

  #change(known: Map<string, string>, next: Map<string, string>, news: RosterNews, at: number): void {
    const leaves = [...known.keys()].filter((memberId) => !next.has(memberId));
    const joins: string[] = [];
    const updates: string[] = [];
    for (const [memberId, text] of next) {
      const before = known.get(memberId);
      if (before === text) continue;
      (before === undefined ? joins : updates).push(text);
      // Whoever was there keeps its place, as it does in the lists that clients have.
      known.set(memberId, text);
    }
    if (leaves.length + joins.length + updates.length === 0) return;
    for (const memberId of leaves) known.delete(memberId);
    this.#told(news);
    const frame = differenceFrame(news.ts, this.groupId, news.info, this.#version, { joins, updates, leaves });
    this.#steps.push({ at, frame });
    this.#stepsBytes += frame.length;
    this.#trimSteps();
  }

  #told({ ts, info, asked }: RosterNews): void {
    this.#version += 1;
    this.#whole = undefined;
    // Without the store's answer, which need not be held.
    this.#news = { ts, info, asked, members: undefined };
    this.#membersBytes = 0;
    for (const text of this.#members?.values() ?? []) this.#membersBytes += MEMBER_BYTES + bytesOfText(text);
  }

  /** Steps that are together longer than the list are no shortcut. */
  #trimSteps(): void {
    while (this.#steps.length > 1 && (this.#steps.length > STEPS_MAX || this.#stepsBytes > this.#membersBytes)) this.#dropStep();
  }

  #dropStep(): void {
    const { at, frame } = this.#steps.shift() as Step;
    this.#stepsFrom = at;
    this.#stepsBytes -= frame.length;
  }

  #clearSteps(): void {
    this.#steps.length = 0;
    this.#stepsBytes = 0;
    this.#whole = undefined;
  }

  #wholeFrame(): RosterFrame {
    if (this.#whole === undefined) {
      const { ts, info } = this.#news as RosterNews;
      this.#whole = rosterFrame(ts, this.groupId, info, this.#version, this.#members?.values());
      this.#count();
    }
    return this.#whole;
  }

  /** Tells the budget what it keeps. */
  #count(): void {
    let now = this.#membersBytes + this.#stepsBytes + this.#steps.length * FRAME_BYTES;
    if (this.#news !== undefined) now += ROSTER_BYTES + bytesOfText(this.#news.info.details?.metadataText);
    if (this.#whole !== undefined) now += FRAME_BYTES + this.#whole.frame.length;
    const more = now - this.#held;
    this.#held = now;
    this.budget.holdRoster(more);
  }
}

function isSameCount(a: GroupPresence, b: GroupPresence): boolean {
  return a.status === b.status && a.details?.members === b.details?.members;
}
