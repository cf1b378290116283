import type { LogPosition, ResetReason } from 'gateway-protocol';
import type { Tracer } from '../tracer.js';
import { type Cursor, NONE_SEEN } from './cursor.js';
import { CursorWriter, type FanOutContext } from './cursor-writer.js';
import { DeliverySpans } from './delivery-spans.js';
import { FormerEpochs } from './former-epochs.js';
import { movePlace } from './place-states.js';
import { tailStart } from './replay.js';

/** What a log knows of one of its messages. */
export interface LoggedMessage {
  /** In monotonic milliseconds. */
  cameAt: number;
  /** As what a reader that is behind passes it over. */
  passedOverAs: 'latest' | 'volatile' | undefined;
  /** `seq` of the newest message of its key, where that is another one. */
  newer: number | undefined;
  /**
   * How many messages from `from` to `to` a reader that is behind passes over as `kind`. `undefined` where the log does not have all of them
   * any more.
   */
  countPassable(kind: 'latest' | 'volatile', from: number, to: number): number | undefined;
}

/**
 * Writes to a group's members what they have not got, in passes over them. A pass brings everybody who keeps up to where the log and the
 * presence stood when it began, in as many steps as it takes.
 */
export abstract class FanOut<Place extends Cursor> extends CursorWriter<Place> {
  protected readonly places = new Set<Place>();
  /** The members that the pass under way has still to come to. */
  #pass: Iterator<Cursor, undefined> | undefined;
  /** What the pass under way brings everybody to, or the last one has. */
  #passSeq: number;
  #passPresence = 0;
  #writing = false;
  /** Everybody who keeps up has been written everything up to here. What comes after it must stay in the log. */
  protected writtenSeq: number;
  /** Bytes that came since the last pass began. */
  protected newBytes = 0;
  /** Earlier epochs of the log, where there were any. */
  protected formers: FormerEpochs | undefined;
  /** Once a message of a trace has come. */
  #spans: DeliverySpans | undefined;

  constructor(groupId: string, position: LogPosition, context: FanOutContext) {
    super(groupId, position, context);
    this.writtenSeq = position.seq;
    this.#passSeq = position.seq;
  }

  /** `seq` of the oldest message in its log; one after the head where there is none. */
  get firstSeq(): number {
    return this.log.firstSeq;
  }

  /** A message, where it is still in the log. */
  lookAt(seq: number): LoggedMessage | undefined {
    if (seq < this.log.firstSeq || seq > this.log.headSeq) return undefined;
    const { conflation } = this.log;
    return {
      cameAt: this.log.slabOf(seq).timeOf(seq),
      passedOverAs: conflation?.passedOverAs(seq),
      newer: conflation?.newerThan(seq),
      countPassable: (kind, from, to) => (from < this.log.firstSeq ? undefined : (conflation?.count(kind, from, to) ?? 0)),
    };
  }

  protected override get inPass(): boolean {
    return this.#pass !== undefined;
  }

  /** Messages that came since the last pass began. */
  protected get newMessages(): number {
    return this.log.headSeq - this.#passSeq;
  }

  /** The log has grown. Who has not had its turn in the pass under way gets that there too, in one piece with the rest. */
  protected grown(bytes: number): void {
    this.newBytes += bytes;
    this.chunks = undefined;
  }

  /** Follows the newest message to the members, where its trace is recorded. */
  protected trace(tracer: Tracer): void {
    if (this.places.size === 0) return;
    const traceparent = this.log.slabOf(this.log.headSeq).sampledTraceparentOf(this.log.headSeq);
    if (traceparent === undefined) return;
    this.#spans ??= new DeliverySpans();
    this.#spans.begin(tracer, traceparent, this.groupId, this.log.position);
  }

  /** The log goes on under another epoch. Members of dialect 2 are told, or their next resume would name one that ended before. */
  renamed(epoch: string): void {
    const { position } = this.log;
    if (position.epoch === epoch) return;
    this.goOn(Number.POSITIVE_INFINITY);
    this.learn(position.epoch, position.seq);
    this.log.epoch = epoch;
    for (const member of this.places) {
      // One that is replayed to is told at the end of that.
      if (!member.receiver.hearsGaps || member.replay !== undefined) continue;
      movePlace(member, 'begun');
      this.replayFrom(member, { cursor: member.cursor, outcome: 'recovered', reason: undefined, tail: 0 });
      this.writeRest(member);
    }
  }

  /** Entries of another epoch are this log's, up to `seq`; -1: it is an earlier one, and that is all that is known. */
  learn(epoch: string, seq: number): void {
    this.formers ??= new FormerEpochs();
    this.formers.learn(epoch, seq);
  }

  /** The log has been reset: the members are where it is. */
  protected restart(reason: ResetReason): void {
    this.formers = undefined;
    this.endSpans();
    // Who had not had its turn is still owed the presence.
    if (this.#pass !== undefined) this.#passPresence = -1;
    this.#pass = undefined;
    this.chunks = undefined;
    this.#passSeq = this.log.headSeq;
    this.writtenSeq = this.log.headSeq;
    this.newBytes = 0;
    for (const member of this.places) {
      if (!member.receiver.hearsGaps) {
        this.lose(member, 'reset');
        continue;
      }
      movePlace(member, 'reset');
      const tail = member.replay?.tail ?? 0;
      const cursor = tailStart(this.log, this.log.headSeq, tail);
      this.replayFrom(member, { cursor, outcome: 'reset', reason, tail });
      this.advance(member);
    }
  }

  /** Goes on with the pass under way and with those that are due after it. @returns what is left of `units`; 0 or less: there may be more. */
  protected goOn(units: number): number {
    return this.#write(units, Number.POSITIVE_INFINITY);
  }

  /** What is not written yet is written to nobody. */
  protected endSpans(): void {
    this.#spans?.written(Number.POSITIVE_INFINITY, this.places);
  }

  /** Ends the pass under way, or makes a whole one; what came since that began is for the next. */
  protected finishPass(): void {
    // In the middle of a write it is that one's pass which goes on.
    if (!this.#writing) this.#write(Number.POSITIVE_INFINITY, 1);
  }

  override replayOn(member: Cursor): number {
    return this.writeRest(member);
  }

  /** Writes to one member beside the passes, and answers how many units of work that was. */
  protected writeRest(member: Cursor): number {
    const outer = this.#writing;
    this.#writing = true;
    try {
      return this.advance(member);
    } finally {
      this.#writing = outer;
    }
  }

  get #isDue(): boolean {
    return this.log.headSeq !== this.#passSeq || this.presenceVersion !== this.#passPresence;
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
          left -= this.advance(member);
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
    this.#passPresence = this.presenceVersion;
    this.newBytes = 0;
    return this.places.values();
  }

  #end(): void {
    this.#pass = undefined;
    this.chunks = undefined;
    this.writtenSeq = this.#passSeq;
    this.#spans?.written(this.writtenSeq, this.places);
    this.log.trim(this.writtenSeq);
    if (this.roster?.hasSteps) this.roster.dropSteps(this.#presenceSeen());
  }

  /** What everybody who is told of the roster has seen; who is to be told all of it needs nothing of that. */
  #presenceSeen(): number {
    let seen = this.presenceVersion;
    for (const { receiver, presenceSeen } of this.places) {
      if (receiver.hearsGaps && presenceSeen !== NONE_SEEN) seen = Math.min(seen, presenceSeen);
    }
    return seen;
  }
}
