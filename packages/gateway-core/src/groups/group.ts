import type { LogPosition, ResetReason, ResumeSince } from 'gateway-protocol';
import { gapFrame, syncFrame } from '../answers.js';
import type { BrokerEntry, BrokerReceiver } from '../broker/broker.js';
import type { SlicedTask } from '../slices.js';
import { Cursor, NOBODY, NONE_SEEN, type Receiver } from './cursor.js';
import { FanOut } from './fan-out.js';
import type { GroupContext } from './group-context.js';
import type { GroupLog } from './group-log.js';
import type { GroupState } from './group-states.js';
import { movePlace } from './place-states.js';
import { beginningOf, type Replay } from './replay.js';
import type { RosterNews } from './roster.js';

/** A receiver's place in one group. The whole cost of a slow consumer is this object. Its receiver is {@link NOBODY} while its member has dropped. */
export class Membership extends Cursor {
  /** The host has put the member there (`gateway.join`): an `identify` does not take it out. */
  assigned = false;
  /** JSON text of what its member says of itself in the group, by its last `presence`. */
  stateText: string | undefined;

  constructor(
    readonly group: Group,
    ...at: ConstructorParameters<typeof Cursor>
  ) {
    super(...at);
  }
}

/**
 * What a group costs, its log and its members aside: its objects here, its subscription, and its topic in a broker in memory. Measured,
 * see group-memory.test.ts.
 */
const GROUP_BYTES = 2_048;

/** A log and the cursors that read it. Takes its entries from the broker. */
export class Group extends FanOut<Membership> implements BrokerReceiver, SlicedTask {
  /** Of members whose connection dropped. */
  readonly #detached = new Set<Membership>();
  /** `dirty` was called, and `step` has not said since that all is done. */
  #queued = false;
  /** Changed by `moveGroup` alone. */
  state: GroupState = 'idle';
  /** When it was last used, in monotonic milliseconds. */
  lastUsedAt: number;
  /** How many are about to come: while hooks and stores are asked for them it makes no room for others. */
  awaited = 0;

  constructor(
    groupId: string,
    position: LogPosition,
    protected override readonly context: GroupContext,
  ) {
    super(groupId, position, context);
    this.lastUsedAt = context.now();
    context.budget.hold(GROUP_BYTES);
  }

  get position(): LogPosition {
    return this.log.position;
  }

  /** Of members that are connected. */
  get memberships(): ReadonlySet<Membership> {
    return this.places;
  }

  /** Who is in it, connected or not: those that presence shows, as far as they are here. */
  get memberCount(): number {
    return this.places.size + this.#detached.size;
  }

  /** Of its log. */
  get logSize(): Pick<GroupLog, 'messages' | 'bytes'> {
    return this.log;
  }

  /** Puts older entries in front of its log, as far as it has room: those that follow each other up to its first one. */
  prepend(entries: readonly BrokerEntry[]): void {
    this.log.prepend(entries, this.context.now());
  }

  /** Adds a receiver at the head of the log. What was announced before it came, it is not owed: its `ready` has said it. */
  add(receiver: Receiver): Membership {
    const seen = receiver.hearsGaps ? NONE_SEEN : this.presenceVersion;
    const membership = new Membership(this, receiver, this.log.headSeq, seen);
    this.#place(membership);
    return membership;
  }

  /** Its member has come back, on another connection. What it is owed is what `begin` says. */
  attach(membership: Membership, receiver: Receiver): void {
    movePlace(membership, 'attached');
    membership.receiver = receiver;
    // Where its earlier connection was still there, so is its place.
    if (this.#detached.delete(membership)) this.#place(membership);
  }

  /** Brings a receiver of dialect 2 to where it asks to stand. Writes what its socket takes of the way there, and then its `sync`. */
  begin(membership: Membership, since: ResumeSince | undefined): void {
    movePlace(membership, 'begun');
    if (membership.state !== 'replaying') return;
    const { position, headSeq, firstSeq } = this.log;
    this.replayFrom(membership, beginningOf({ epoch: position.epoch, headSeq, firstSeq, formers: this.formers }, since));
    membership.presenceSeen = NONE_SEEN;
    this.catchUp(membership);
  }

  /** Its connection ends, its member stays. What it is owed of the log is written first, as far as its socket takes it. */
  detach(membership: Membership): void {
    if (!this.places.delete(membership)) return;
    if (membership.receiver.hearsGaps && this.roster !== undefined) this.roster.listeners -= 1;
    membership.presenceSeen = this.presenceVersion;
    if (!membership.receiver.gone) this.writeRest(membership);
    membership.receiver = NOBODY;
    this.endReplay(membership);
    movePlace(membership, 'detached');
    if (membership.state === 'detached') this.#detached.add(membership);
    if (this.places.size === 0) this.#nobodyIsThere();
    this.lastUsedAt = this.context.now();
  }

  /** Takes a member out. What it is owed is written first, so a mover does not miss its last messages. */
  remove(membership: Membership): void {
    this.detach(membership);
    movePlace(membership, 'removed');
    this.#detached.delete(membership);
  }

  deliver(entry: BrokerEntry): void {
    const { headSeq } = this.log;
    if (entry.seq !== headSeq + 1) {
      if (this.log.holds(entry)) return;
      const what = entry.seq > headSeq ? 'left out what is before' : 'lost its log from';
      this.context.failed(new Error(`the broker ${what} seq ${entry.seq} of ${this.groupId}, after ${headSeq}`), 'broker');
      this.reset({ epoch: this.log.position.epoch, seq: entry.seq - 1 });
    }
    const now = this.context.now();
    const bytesBefore = this.log.bytes;
    this.log.append(entry, now);
    this.lastUsedAt = now;
    this.grown(this.log.bytes - bytesBefore);
    this.#markDirty();
    if (this.context.tracer !== undefined) this.trace(this.context.tracer);
    this.context.logged(this, entry);
    // More than one write carries, or than half the log holds, is not waited with: what waits stays bounded.
    const { socketHighWaterMarkBytes, logMessagesMax } = this.context.limits;
    if (this.newBytes >= socketHighWaterMarkBytes || this.newMessages * 2 >= logMessagesMax) this.finishPass();
  }

  /** What was accepted before is written first; then messages may be lost to every member. */
  reset(position: LogPosition, reason: ResetReason = 'epoch'): void {
    this.flush();
    this.context.counters.resets += 1;
    this.log.reset(position);
    this.restart(reason);
    this.context.wasReset(this.groupId, position);
  }

  /**
   * Owes every member a newer presence; who is found blocked gets it later, if it is still the newest.
   * @param news for its members of dialect 2, where there are any and the store could be asked.
   */
  announce(presence: Buffer, news?: RosterNews): void {
    this.context.budget.hold(presence.length - (this.presence?.length ?? 0));
    this.owe(presence);
    if (news !== undefined) this.enlist(news);
    else if (this.roster?.listeners === 0) this.roster.rest();
    this.#markDirty();
  }

  /** Owes one member the newest presence, though it may have it, and writes it where it can. `false`: there is none yet. */
  tell(membership: Membership): boolean {
    if (this.presence === undefined) return false;
    membership.presenceSeen = NONE_SEEN;
    this.catchUp(membership);
    return true;
  }

  /** Goes on with what the members are to be written, see {@link SlicedTask}. Members at the same cursor share one buffer. */
  step(units: number): number {
    const left = this.goOn(units);
    if (left > 0) this.#queued = false;
    return left;
  }

  /** Writes to every member what it has not got yet. */
  flush(): void {
    this.goOn(Number.POSITIVE_INFINITY);
  }

  /** Reads on for a member whose socket may have room again. */
  catchUp(membership: Membership): void {
    if (this.places.has(membership)) this.writeRest(membership);
  }

  /** Whether a member has not been written everything that is in the log. */
  isBehind(membership: Membership): boolean {
    return this.places.has(membership) && (membership.cursor < this.log.headSeq || membership.replay !== undefined);
  }

  /** Drops what is too old. */
  expire(now: number): void {
    this.log.expire(now, this.writtenSeq);
  }

  /** Drops the oldest piece of the log: what who keeps up has not been written of it is written first. */
  override giveMemory(): void {
    if (this.log.oldestSlabEnd > this.writtenSeq) this.flush();
    this.log.dropOldestSlab();
  }

  /** Forgets the log. */
  dispose(): void {
    this.endSpans();
    this.log.reset(this.log.position);
    this.#nobodyIsThere();
    this.roster?.forget();
    this.context.budget.hold(-GROUP_BYTES);
  }

  protected override syncFrame(seq: number, replay: Replay, roster: Buffer | undefined): Buffer {
    return syncFrame(this.context.stamp(), this.groupId, { epoch: this.log.position.epoch, seq }, replay, roster);
  }

  protected override writeGap(receiver: Receiver, from: number, to: number): void {
    receiver.write(gapFrame(this.context.stamp(), this.groupId, from, to));
    receiver.gapped?.(this.groupId, from, to);
  }

  #place(membership: Membership): void {
    this.places.add(membership);
    if (membership.receiver.hearsGaps) this.keepRoster().listeners += 1;
    this.lastUsedAt = this.context.now();
  }

  #markDirty(): void {
    if (this.#queued) return;
    this.#queued = true;
    this.context.dirty(this);
  }

  #nobodyIsThere(): void {
    this.context.budget.hold(-(this.presence?.length ?? 0));
    this.forgetPresence();
    // Not yet: one that comes back on another connection is not there for a moment.
    this.roster?.rest();
  }
}
