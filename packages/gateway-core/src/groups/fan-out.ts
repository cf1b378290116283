import type { LogPosition, ResetReason, SyncOutcome } from 'gateway-protocol';
import type { Limits } from '../limits.js';
import { ChunkCache } from './chunk-cache.js';
import { GroupLog } from './group-log.js';
import type { LogBudget, LogOwner } from './log-budget.js';
import type { Replay } from './replay.js';
import type { Roster } from './roster.js';

/** Why messages are lost to a receiver: its cursor is where the log no longer reaches, or the log was lost by the broker. */
export type Loss = 'behind' | 'reset';

/** One connection, as a group needs it. */
export interface Receiver {
  /** Its socket is over the high-water mark. Found under it at a pass over the members or at `Group.catchUp`, it is written to again. */
  readonly blocked: boolean;
  /** It takes compressed frames. */
  readonly deflate: boolean;
  /** Its socket has ended: it is owed nothing any more. */
  readonly gone: boolean;
  /** It speaks dialect 2: where messages are lost to it, it is told so, and goes on. */
  readonly hearsGaps: boolean;
  write(frames: Buffer): void;
  /** Messages of the group are lost to it. */
  lost(reason: Loss): void;
}

/** How far a receiver has been written to. */
export interface Cursor {
  receiver: Receiver;
  /** `seq` of the last message written to the socket. */
  cursor: number;
  /** It could not be written to at some pass since it last stood at the head. */
  behind: boolean;
  /** Until its `sync` is written. */
  replay: Replay | undefined;
  /** The version of the presence that it was last written, or knew as it joined; it is owed any other one. {@link NONE_SEEN} for none. */
  presenceSeen: number;
}

/** Of a cursor that was never told who is there, or is to be told anew. */
export const NONE_SEEN = -1;

/** What it needs of its surroundings. */
export interface FanOutContext {
  readonly limits: Limits;
  readonly budget: LogBudget;
  readonly counters: { delivered: number; gaps: number };
}

/** Bytes of one write that count as one more unit of work. */
const BYTES_PER_UNIT = 8 * 1024;

/**
 * Writes to a group's members what they have not got, in passes over them. A pass brings everybody who keeps up to where the log and the
 * presence stood when it began, in as many steps as it takes.
 */
export abstract class FanOut<Place extends Cursor> implements LogOwner {
  protected readonly places = new Set<Place>();
  protected readonly log: GroupLog;
  /** The members that the pass under way has still to come to. */
  #pass: Iterator<Cursor, undefined> | undefined;
  /** What the pass under way brings everybody to, or the last one has. */
  #passSeq: number;
  #passPresence = 0;
  /** What is read in the pass under way. */
  #chunks: ChunkCache | undefined;
  #writing = false;
  /** The newest presence, as a finished frame of dialect 1, and which one it is. */
  #presence: Buffer | undefined;
  #presenceVersion = 0;
  /** What members of dialect 2 are told of it; once one has come, or is about to. */
  roster: Roster | undefined;
  /** Everybody who keeps up has been written everything up to here. What comes after it must stay in the log. */
  protected writtenSeq: number;
  /** Bytes that came since the last pass began. */
  protected newBytes = 0;

  constructor(
    position: LogPosition,
    protected readonly context: FanOutContext,
  ) {
    this.log = new GroupLog(position, context.limits, context.budget, this);
    this.writtenSeq = position.seq;
    this.#passSeq = position.seq;
  }

  abstract giveMemory(): void;
  /** The frames of dialect 2 that say where a receiver stands. */
  protected abstract syncFrame(seq: number, replay: Replay, roster: Buffer | undefined): Buffer;
  protected abstract gapFrame(from: number, to: number): Buffer;

  protected get presenceVersion(): number {
    return this.#presenceVersion;
  }

  protected get presence(): Buffer | undefined {
    return this.#presence;
  }

  /** Messages that came since the last pass began. */
  protected get newMessages(): number {
    return this.log.headSeq - this.#passSeq;
  }

  /** The log has grown. Who has not had its turn in the pass under way gets that there too, in one piece with the rest. */
  protected grown(bytes: number): void {
    this.newBytes += bytes;
    this.#chunks = undefined;
  }

  /** Owes every member a newer presence. */
  protected owe(presence: Buffer): void {
    this.#presence = presence;
    this.#presenceVersion += 1;
    this.#chunks = undefined;
  }

  /** There is nobody to tell: the next one to come begins with a presence of its own. */
  protected forgetPresence(): void {
    this.#presence = undefined;
  }

  /** The log has been reset: the members are where it is. */
  protected restart(): void {
    // Who had not had its turn is still owed the presence.
    if (this.#pass !== undefined) this.#passPresence = -1;
    this.#pass = undefined;
    this.#chunks = undefined;
    this.#passSeq = this.log.headSeq;
    this.writtenSeq = this.log.headSeq;
    this.newBytes = 0;
    for (const member of this.places) {
      if (!member.receiver.hearsGaps) {
        this.#lose(member, 'reset');
        continue;
      }
      this.replayTo(member, this.log.headSeq, 'reset', 'epoch');
      this.#advance(member);
    }
  }

  /** Where a receiver of dialect 2 begins: what it is to be written before its `sync`. */
  protected replayTo(member: Place, cursor: number, outcome: SyncOutcome, reason?: ResetReason): void {
    member.cursor = cursor;
    member.behind = false;
    member.replay = { to: this.log.headSeq, outcome, reason, replayed: 0 };
  }

  /** Goes on with the pass under way and with those that are due after it. @returns what is left of `units`; 0 or less: there may be more. */
  protected goOn(units: number): number {
    return this.#write(units, Number.POSITIVE_INFINITY);
  }

  /** Ends the pass under way, or makes a whole one; what came since that began is for the next. */
  protected finishPass(): void {
    // In the middle of a write it is that one's pass which goes on.
    if (!this.#writing) this.#write(Number.POSITIVE_INFINITY, 1);
  }

  /** Writes to one member beside the passes. */
  protected writeRest(member: Place): void {
    const outer = this.#writing;
    this.#writing = true;
    try {
      this.#advance(member);
    } finally {
      this.#writing = outer;
    }
  }

  get #isDue(): boolean {
    return this.log.headSeq !== this.#passSeq || this.#presenceVersion !== this.#passPresence;
  }

  #write(units: number, passes: number): number {
    let left = units;
    let passesLeft = passes;
    const outer = this.#writing;
    this.#writing = true;
    try {
      while (left > 0 && passesLeft > 0 && (this.#pass !== undefined || this.#isDue)) {
        this.#pass ??= this.#begin();
        const member = this.#pass.next().value;
        if (member !== undefined) {
          left -= this.#advance(member);
        } else {
          this.#end();
          passesLeft -= 1;
        }
      }
    } finally {
      this.#writing = outer;
    }
    return left;
  }

  /** Who comes during the pass is in it, who goes is not: a set's iterator is live. */
  #begin(): Iterator<Cursor, undefined> {
    this.#passSeq = this.log.headSeq;
    this.#passPresence = this.#presenceVersion;
    this.newBytes = 0;
    return this.places.values();
  }

  #end(): void {
    this.#pass = undefined;
    this.#chunks = undefined;
    this.writtenSeq = this.#passSeq;
    this.log.trim(this.writtenSeq);
  }

  /** Writes to a member what it has not got yet, as far as its socket takes it, and answers how many units of work that was. */
  #advance(member: Cursor): number {
    const { receiver } = member;
    let units = 1;
    while (member.cursor < this.log.headSeq || member.replay !== undefined) {
      const isReached = this.log.reaches(member.cursor);
      if (!isReached && !receiver.hearsGaps) {
        this.#lose(member, 'behind');
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
        units += this.#replay(member, member.replay);
        continue;
      }
      const owed = member.presenceSeen === this.#presenceVersion ? undefined : this.#owedPresence(member);
      const chunk = this.#reading().read(member.cursor, member.behind, receiver.deflate, owed);
      member.cursor = chunk.end;
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
      member.replay = undefined;
      // Where the log was lost in mid-life, who is there was told before.
      const roster = member.presenceSeen === NONE_SEEN ? this.roster?.list : undefined;
      if (roster !== undefined) member.presenceSeen = this.#presenceVersion;
      const sync = this.syncFrame(member.cursor, replay, roster);
      member.receiver.write(sync);
      return 1 + Math.floor(sync.length / BYTES_PER_UNIT);
    }
    const { bytes, end, messages } = this.log.read(member.cursor, { behind: false, deflate: member.receiver.deflate }, replay.to);
    member.cursor = end;
    replay.replayed += messages;
    this.context.counters.delivered += messages;
    if (bytes === undefined) return 0;
    member.receiver.write(bytes);
    return 1 + Math.floor(bytes.length / BYTES_PER_UNIT);
  }

  /** The log has left the cursor behind: in a replay that is how it went, else it is a gap. */
  #skip(member: Cursor): void {
    const to = this.log.firstSeq - 1;
    const { replay } = member;
    if (replay !== undefined) {
      replay.outcome = 'reset';
      replay.reason = 'trimmed';
      replay.to = Math.max(replay.to, to);
      member.cursor = replay.to;
      return;
    }
    const from = member.cursor + 1;
    member.cursor = to;
    this.context.counters.gaps += 1;
    member.receiver.write(this.gapFrame(from, to));
  }

  /** What is read in a pass is kept for the others in it; beside one, as for a member that has drained, it is not. */
  #reading(): ChunkCache {
    if (this.#chunks !== undefined) return this.#chunks;
    const chunks = new ChunkCache(this.log, this.context.limits.socketHighWaterMarkBytes);
    if (this.#pass !== undefined) this.#chunks = chunks;
    return chunks;
  }

  #lose(member: Cursor, reason: Loss): void {
    member.cursor = this.log.headSeq;
    member.receiver.lost(reason);
  }
}
