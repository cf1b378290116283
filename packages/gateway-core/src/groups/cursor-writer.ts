import type { LogPosition } from 'gateway-protocol';
import type { Limits } from '../limits.js';
import { ChunkCache } from './chunk-cache.js';
import { type Cursor, type FanOutCounters, type Loss, NONE_SEEN, type Receiver, startAt } from './cursor.js';
import { GroupLog } from './group-log.js';
import type { LogBudget, LogOwner } from './log-budget.js';
import { movePlace } from './place-states.js';
import { type Beginning, type Replay, tailStart } from './replay.js';
import type { ReplayPace } from './replay-pace.js';
import { Roster, type RosterNews } from './roster.js';

/** What it needs of its surroundings. */
export interface FanOutContext {
  readonly limits: Limits;
  readonly budget: LogBudget;
  readonly counters: FanOutCounters;
  /** Of all groups of a gateway. */
  readonly replays: ReplayPace;
}

/** Bytes of one write that count as one more unit of work. */
const BYTES_PER_UNIT = 8 * 1024;

/** Writes to one cursor what it has not got: of the log, and of who is there. */
export abstract class CursorWriter<Place extends Cursor> implements LogOwner {
  protected readonly log: GroupLog;
  /** What is read in the pass under way. */
  protected chunks: ChunkCache | undefined;
  /** The newest presence, as a finished frame of dialect 1, and which one it is. */
  #presence: Buffer | undefined;
  #presenceVersion = 0;
  /** What members of dialect 2 are told of it; once one has come, or is about to. */
  roster: Roster | undefined;

  constructor(
    readonly groupId: string,
    position: LogPosition,
    protected readonly context: FanOutContext,
  ) {
    this.log = new GroupLog(position, context.limits, context.budget, this);
  }

  abstract giveMemory(): void;
  /** Goes on with a replay whose turn it is, and answers how many units of work that was. */
  abstract replayOn(member: Cursor): number;
  /** The frames of dialect 2 that say where a receiver stands. */
  protected abstract syncFrame(seq: number, replay: Replay, roster: Buffer | undefined): Buffer;
  protected abstract writeGap(receiver: Receiver, from: number, to: number): void;
  /** Whether what is read is read for many. */
  protected abstract get inPass(): boolean;

  protected get presenceVersion(): number {
    return this.#presenceVersion;
  }

  protected get presence(): Buffer | undefined {
    return this.#presence;
  }

  /** A member of dialect 2 is about to come. */
  keepRoster(): Roster {
    this.roster ??= new Roster(this.groupId, this.context.limits, this.context.budget);
    this.roster.keep();
    return this.roster;
  }

  /** Takes what the store has answered for members of dialect 2, those that are there or are about to come. */
  enlist(news: RosterNews): void {
    this.roster?.take(news, this.presenceVersion);
  }

  /** Owes every member a newer presence. */
  protected owe(presence: Buffer): void {
    this.#presence = presence;
    this.#presenceVersion += 1;
    this.chunks = undefined;
  }

  /** There is nobody to tell: the next one to come begins with a presence of its own. */
  protected forgetPresence(): void {
    this.#presence = undefined;
  }

  /** Where a receiver of dialect 2 begins: what a place that is `replaying` is to be written before its `sync`. */
  protected replayFrom(member: Place, { cursor, ...beginning }: Beginning): void {
    startAt(member, cursor);
    member.behind = false;
    member.replay = { ...beginning, to: this.log.headSeq, replayed: 0 };
  }

  /** Writes to a member what it has not got yet, as far as its socket takes it, and answers how many units of work that was. */
  protected advance(member: Cursor): number {
    const { receiver } = member;
    let units = 1;
    while (member.cursor < this.log.headSeq || member.replay !== undefined) {
      const isReached = this.log.reaches(member.cursor);
      if (!isReached && !receiver.hearsGaps) {
        this.lose(member, 'behind');
        return units;
      }
      if (receiver.blocked) {
        // What is replayed is replayed whole; what comes after it may be passed over.
        if (member.replay === undefined) member.behind = true;
        return units;
      }
      if (!isReached) {
        this.#skip(member);
        continue;
      }
      if (member.replay !== undefined) {
        if (member.cursor < member.replay.to && !this.context.replays.admits(member, this)) return units;
        units += this.#replay(member, member.replay);
        continue;
      }
      const owed = member.presenceSeen === this.#presenceVersion ? undefined : this.#owedPresence(member);
      const chunk = this.#reading().read(member.cursor, member.behind, receiver.deflate, owed);
      member.cursor = chunk.end;
      member.written += chunk.messages;
      member.latest += chunk.latest;
      member.volatile += chunk.volatile;
      this.context.counters.passedOver += chunk.latest + chunk.volatile;
      if (chunk.bytes === undefined) continue;
      if (chunk.presence) member.presenceSeen = this.#presenceVersion;
      receiver.write(chunk.bytes);
      units += Math.floor(chunk.bytes.length / BYTES_PER_UNIT);
      this.context.counters.delivered += chunk.messages;
    }
    member.behind = false;
    if (member.presenceSeen !== this.#presenceVersion && !receiver.blocked) {
      const owed = this.#owedPresence(member);
      if (owed !== undefined) {
        member.presenceSeen = this.#presenceVersion;
        receiver.write(owed);
      }
    }
    return units;
  }

  /** The presence that a member has not seen, where that is one frame. More than one, to who has missed some, are written at once. */
  #owedPresence(member: Cursor): Buffer | undefined {
    if (!member.receiver.hearsGaps) return this.#presence;
    const frames = this.roster?.framesAfter(member.presenceSeen);
    if (frames === undefined || frames.length === 1) return frames?.[0];
    member.presenceSeen = this.#presenceVersion;
    for (const frame of frames) member.receiver.write(frame);
    return undefined;
  }

  /** The next piece of a replay, or its end. Nothing in it is passed over: `recovered` says that all of it was written. */
  #replay(member: Cursor, replay: Replay): number {
    if (member.cursor >= replay.to) {
      movePlace(member, 'synced');
      this.endReplay(member);
      // Where the log was lost in mid-life, who is there was told before.
      const roster = member.presenceSeen === NONE_SEEN ? this.roster?.list : undefined;
      if (roster !== undefined) member.presenceSeen = this.#presenceVersion;
      const sync = this.syncFrame(member.cursor, replay, roster);
      member.receiver.write(sync);
      // Who comes does not wait for who catches up; the other way round, it is as much less.
      this.context.replays.spend(sync.length);
      member.receiver.synced?.(this.groupId, { epoch: this.log.position.epoch, seq: member.cursor }, replay);
      return 1 + Math.floor(sync.length / BYTES_PER_UNIT);
    }
    const { bytes, end, messages } = this.log.read(member.cursor, { behind: false, deflate: member.receiver.deflate }, replay.to);
    member.cursor = end;
    member.written += messages;
    replay.replayed += messages;
    this.context.counters.delivered += messages;
    if (bytes === undefined) return 0;
    member.receiver.write(bytes);
    this.context.replays.wrote(bytes.length);
    return 1 + Math.floor(bytes.length / BYTES_PER_UNIT);
  }

  /** It waits for no turn any more. */
  protected endReplay(member: Cursor): void {
    if (member.replay === undefined) return;
    member.replay = undefined;
    this.context.replays.leave(member);
  }

  /** The log has left the cursor behind: in a replay that is how it went, else it is a gap. */
  #skip(member: Cursor): void {
    const to = this.log.firstSeq - 1;
    const { replay } = member;
    movePlace(member, 'trimmed');
    if (replay !== undefined) {
      // What was written is before a hole: only a run that ends at the `sync` is of its tail.
      replay.outcome = 'reset';
      replay.reason ??= 'trimmed';
      replay.replayed = 0;
      replay.to = Math.max(replay.to, to);
      this.#skipTo(member, tailStart(this.log, replay.to, replay.tail));
      return;
    }
    const from = member.cursor + 1;
    this.#skipTo(member, to);
    this.context.counters.gaps += 1;
    this.writeGap(member.receiver, from, to);
  }

  #skipTo(member: Cursor, to: number): void {
    member.lost += to - member.cursor;
    this.context.counters.lost += to - member.cursor;
    member.cursor = to;
  }

  protected lose(member: Cursor, reason: Loss): void {
    movePlace(member, 'lost');
    // After a reset its cursor is of another log.
    if (reason === 'reset') startAt(member, this.log.headSeq);
    else this.#skipTo(member, this.log.headSeq);
    member.receiver.lost(reason);
  }

  /** What is read in a pass is kept for the others in it; beside one, as for a member that has drained, it is not. */
  #reading(): ChunkCache {
    if (this.chunks !== undefined) return this.chunks;
    const chunks = new ChunkCache(this.log, this.context.limits.socketHighWaterMarkBytes);
    if (this.inPass) this.chunks = chunks;
    return chunks;
  }
}
