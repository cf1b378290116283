import type { LogPosition } from 'gateway-protocol';
import type { BrokerEntry, BrokerReceiver } from '../broker/broker.js';
import type { Limits } from '../limits.js';
import { ChunkCache } from './chunk-cache.js';
import { GroupLog, type LogBudget } from './group-log.js';

/** One connection, as a group needs it. */
export interface Receiver {
  /** Its socket is over the high-water mark, and when it has drained, it calls `Group.catchUp`. */
  readonly blocked: boolean;
  /** It takes compressed frames. */
  readonly deflate: boolean;
  /** Its socket has ended: it is owed nothing any more. */
  readonly gone: boolean;
  write(frames: Buffer): void;
  /** Messages of the group are lost to it: the log no longer reaches its cursor. */
  lost(): void;
}

/** Takes the place of a receiver whose connection is gone. */
const NOBODY: Receiver = { blocked: true, deflate: false, gone: true, write: () => {}, lost: () => {} };

/** A receiver's place in one group. The whole cost of a slow consumer is this object. */
export interface Membership {
  readonly group: Group;
  /** {@link NOBODY} while its member has dropped: the group stays for the resume window. */
  receiver: Receiver;
  /** `seq` of the last message written to the socket. */
  cursor: number;
  /** It could not be written to at some flush since it last stood at the head. */
  behind: boolean;
  /** A presence update is owed. */
  presenceOwed: boolean;
  /** The host has put the member there (`gateway.join`): an `identify` does not take it out. */
  assigned: boolean;
}

/** What a group needs of its surroundings. */
export interface GroupContext {
  readonly limits: Limits;
  readonly budget: LogBudget;
  readonly now: () => number;
  /** The group has something to flush at the end of the turn. */
  readonly dirty: (group: Group) => void;
  /** Messages handed to sockets. */
  readonly counters: { delivered: number };
}

/** A log and the cursors that read it. Takes its entries from the broker. */
export class Group implements BrokerReceiver {
  readonly #memberships = new Set<Membership>();
  /** Of members whose connection dropped. */
  readonly #detached = new Set<Membership>();
  readonly #log: GroupLog;
  #flushedSeq: number;
  #unflushedBytes = 0;
  /** When it was last used, in monotonic milliseconds. */
  lastUsedAt: number;

  constructor(
    readonly groupId: string,
    position: LogPosition,
    private readonly context: GroupContext,
  ) {
    this.#log = new GroupLog(position, context.limits, context.budget);
    this.#flushedSeq = position.seq;
    this.lastUsedAt = context.now();
  }

  get position(): LogPosition {
    return this.#log.position;
  }

  /** Of members that are connected. */
  get memberships(): ReadonlySet<Membership> {
    return this.#memberships;
  }

  /** Whether nobody is in it, nor may come back to it as the same member. */
  get idle(): boolean {
    return this.#memberships.size + this.#detached.size === 0;
  }

  get log(): Pick<GroupLog, 'messages' | 'bytes'> {
    return this.#log;
  }

  /** Adds a receiver at the head of the log. */
  add(receiver: Receiver): Membership {
    const membership = { group: this, receiver, cursor: this.#log.headSeq, behind: false, presenceOwed: false, assigned: false };
    this.#memberships.add(membership);
    this.lastUsedAt = this.context.now();
    return membership;
  }

  /** Its connection ends, its member stays. What it is owed is written first, as far as its socket takes it. */
  detach(membership: Membership): void {
    if (!this.#memberships.delete(membership)) return;
    if (!membership.receiver.gone) this.#advance(membership, new ChunkCache(this.#log));
    membership.receiver = NOBODY;
    this.#detached.add(membership);
    this.lastUsedAt = this.context.now();
  }

  /** Takes a member out. What it is owed is written first, so a mover does not miss its last messages. */
  remove(membership: Membership): void {
    this.detach(membership);
    this.#detached.delete(membership);
  }

  deliver(entry: BrokerEntry): void {
    // A broker that keeps its contract does neither. A log with a hole would send what happens to be in its memory.
    if (entry.seq <= this.#log.headSeq) return;
    if (entry.seq > this.#log.headSeq + 1) this.reset({ epoch: this.#log.position.epoch, seq: entry.seq - 1 });
    const now = this.context.now();
    const bytesBefore = this.#log.bytes;
    if (this.#log.headSeq === this.#flushedSeq) this.context.dirty(this);
    this.#log.append(entry, now);
    this.lastUsedAt = now;
    this.#unflushedBytes += this.#log.bytes - bytesBefore;
    // A turn that brings more than one write carries, or than half the log holds, is flushed in parts: what waits stays bounded.
    const { socketHighWaterMarkBytes, logMessagesMax } = this.context.limits;
    if (this.#unflushedBytes >= socketHighWaterMarkBytes || (this.#log.headSeq - this.#flushedSeq) * 2 >= logMessagesMax)
      this.flush();
  }

  reset(position: LogPosition): void {
    this.#log.reset(position);
    this.#flushedSeq = position.seq;
    this.#unflushedBytes = 0;
    for (const membership of this.#memberships) this.#lose(membership);
  }

  /** Writes to every member what it has not got yet. Members at the same cursor share one buffer. */
  flush(): void {
    const chunks = new ChunkCache(this.#log);
    // Again for what was published meanwhile, as by who listens to a disconnect, after some members had their turn.
    while (this.#log.headSeq > this.#flushedSeq) {
      this.#flushedSeq = this.#log.headSeq;
      this.#unflushedBytes = 0;
      for (const membership of this.#memberships) this.#advance(membership, chunks);
    }
    this.#log.trim();
  }

  /** Reads on for a member whose socket has drained. */
  catchUp(membership: Membership): void {
    if (this.#memberships.has(membership)) this.#advance(membership, new ChunkCache(this.#log));
  }

  /** Whether a member has not been written everything that is in the log. */
  isBehind(membership: Membership): boolean {
    return this.#memberships.has(membership) && membership.cursor < this.#log.headSeq;
  }

  /** Drops what is too old. */
  expire(now: number): void {
    if (this.#flushedSeq === this.#log.headSeq) this.#log.expire(now);
  }

  /** Gives half of the log's memory back. */
  yieldMemory(): void {
    this.flush();
    this.#log.halve();
  }

  /** Forgets the log. */
  dispose(): void {
    this.#log.reset(this.#log.position);
  }

  #advance(membership: Membership, chunks: ChunkCache): void {
    const { receiver } = membership;
    while (membership.cursor < this.#log.headSeq) {
      if (!this.#log.reaches(membership.cursor)) {
        this.#lose(membership);
        return;
      }
      if (receiver.blocked) {
        membership.behind = true;
        return;
      }
      const chunk = chunks.read(membership.cursor, membership.behind, receiver.deflate);
      membership.cursor = chunk.end;
      if (chunk.bytes === undefined) continue;
      receiver.write(chunk.bytes);
      this.context.counters.delivered += chunk.messages;
    }
    membership.behind = false;
  }

  #lose(membership: Membership): void {
    membership.cursor = this.#log.headSeq;
    membership.receiver.lost();
  }
}
