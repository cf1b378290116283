import type { Clock } from './clock.js';
import type { ConnectionContext, ConnectionState, Peer } from './gateway.js';
import type { Loss, Receiver } from './groups/fan-out.js';
import type { Membership } from './groups/group.js';
import type { Limits } from './limits.js';
import type { Member } from './members/member.js';
import type { GatewaySocket, SocketListener } from './transport/socket.js';

/** The order in which a connection's states follow each other; none is skipped backwards. */
const ORDER: readonly ConnectionState[] = ['connecting', 'open', 'identified', 'closing', 'closed'];

const NONE: readonly Membership[] = [];

/** What a connection needs of its surroundings. */
export interface ConnectionParts {
  readonly clock: Clock;
  readonly limits: Limits;
  /** What a live connection's socket reports; a connection that ends is not heard any more, but for its end. */
  readonly hub: {
    message(connection: Connection, text: string, byteLength: number): void;
    ping(connection: Connection): void;
    drained(connection: Connection): void;
    failed(connection: Connection, code: number, reason: string): void;
    /** Its socket threw. */
    broken(connection: Connection, error: unknown): void;
    closed(connection: Connection, code: number, reason: string): void;
    /** Messages of one of its groups are lost to it. */
    lost(connection: Connection, reason: Loss): void;
  };
}

/** One client: its state, its member, its groups, its socket. */
export class Connection implements Receiver, SocketListener {
  #state: ConnectionState = 'connecting';
  #pauses = 0;
  gone = false;
  /** Its socket was full with an answer, and is not read from until that was taken. */
  #answersUnread = false;
  /** Who waits for its socket to drain. */
  #drained: (() => void)[] | undefined;
  /** When something was last heard, in monotonic milliseconds. */
  seenAt: number;
  /** When its socket went over the high-water mark, in monotonic milliseconds; `undefined` once it has drained, or was written to under the mark. */
  blockedSince: number | undefined;
  /** When it began to close, in monotonic milliseconds. */
  closingSince = 0;
  member: Member | undefined;
  /** A handler is at work on a message of it. */
  busy = false;
  /** Messages that came meanwhile, in order; `undefined` while there are none. */
  inbox: string[] | undefined;
  /** The upgrade request, for the `authenticate` hook; only kept where there is one. */
  request: Peer['request'];
  /** Its groups, oldest first: few, so an array, which costs less than a map for each of many connections. */
  memberships: readonly Membership[] = NONE;
  /** When it may send a whole burst again, of messages, bytes and errors, in monotonic milliseconds. */
  messagesFullAt = Number.NEGATIVE_INFINITY;
  bytesFullAt = Number.NEGATIVE_INFINITY;
  errorsFullAt = Number.NEGATIVE_INFINITY;
  readonly #createdAtMonotonic: number;

  constructor(
    readonly connectionId: string,
    readonly remoteAddress: string,
    readonly socket: GatewaySocket,
    private readonly context: ConnectionParts,
  ) {
    const now = context.clock.monotonicMs();
    this.seenAt = now;
    this.#createdAtMonotonic = now;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Whether it may still send and be sent to. */
  get live(): boolean {
    return this.#state === 'open' || this.#state === 'identified';
  }

  get blocked(): boolean {
    return this.blockedSince !== undefined && this.#isOverMark();
  }

  get deflate(): boolean {
    return this.socket.deflate === true;
  }

  /** The group that a message without a `groupId` is for: the one it is in. */
  get groupId(): string | undefined {
    return this.memberships[0]?.group.groupId;
  }

  isIn(groupId: string): boolean {
    return this.memberships.some(({ group }) => group.groupId === groupId);
  }

  joined(membership: Membership): void {
    // `concat` allocates for exactly one more; a spread would leave room for many.
    this.memberships = this.memberships.concat(membership);
  }

  left(membership: Membership): void {
    this.memberships = this.memberships.filter((other) => other !== membership);
  }

  get ageMs(): number {
    return this.context.clock.monotonicMs() - this.#createdAtMonotonic;
  }

  /** The only place that changes `state`. `identified` may follow itself: a second `identify`. */
  advance(to: ConnectionState): void {
    if (ORDER.indexOf(to) < ORDER.indexOf(this.#state)) throw new Error(`a connection cannot go from ${this.#state} to ${to}`);
    this.#state = to;
    if (to !== 'closing') return;
    const paused = this.#pauses > 0;
    this.drained();
    // The answer to the close frame must be read.
    if (paused) this.socket.resume();
  }

  write(frames: Buffer): void {
    if (!this.live) return;
    // Where it has taken some, the time is counted anew.
    if (!this.blocked) this.blockedSince = undefined;
    let allTaken: boolean;
    try {
      allTaken = this.socket.write(frames);
    } catch (error) {
      this.gone = true;
      this.context.hub.broken(this, error);
      return;
    }
    // A healthy client's socket is asked nothing more.
    if (!allTaken && this.#isOverMark()) this.blockedSince ??= this.context.clock.monotonicMs();
  }

  /** Sends an answer. A client that does not read its answers is not read from either, until it has. */
  answer(frame: Buffer): void {
    this.write(frame);
    if (this.#answersUnread || !this.blocked) return;
    this.#answersUnread = true;
    this.pause();
    const read = () => {
      this.#answersUnread = false;
      this.resume();
    };
    this.#drained = [...(this.#drained ?? []), read];
  }

  lost(reason: Loss): void {
    this.context.hub.lost(this, reason);
  }

  message(text: string, byteLength: number): void {
    if (!this.live) return;
    this.seenAt = this.context.clock.monotonicMs();
    this.context.hub.message(this, text, byteLength);
  }

  ping(): void {
    if (!this.live) return;
    this.seenAt = this.context.clock.monotonicMs();
    this.context.hub.ping(this);
  }

  drain(): void {
    this.blockedSince = undefined;
    if (this.live) this.context.hub.drained(this);
  }

  failed(code: number, reason: string): void {
    this.context.hub.failed(this, code, reason);
  }

  closed(code: number, reason: string): void {
    this.gone = true;
    this.context.hub.closed(this, code, reason);
  }

  /** Everything written was taken; the groups are read on from before this is called. */
  drained(): void {
    const waiting = this.#drained ?? [];
    this.#drained = undefined;
    for (const done of waiting) done();
  }

  /** Writes what its groups' logs still hold for it. `false`: its socket is full before that; an ended one is owed nothing. */
  catchUp(): boolean {
    for (const membership of this.memberships) {
      membership.group.catchUp(membership);
      if (this.live && membership.group.isBehind(membership)) return false;
    }
    return true;
  }

  /** Resolves when its socket has drained, or when it ends. */
  untilDrained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = [...(this.#drained ?? []), resolve];
    });
  }

  /** Stops reading until as many `resume`s have come. */
  pause(): void {
    this.#pauses += 1;
    if (this.#pauses === 1) this.socket.pause();
  }

  resume(): void {
    this.#pauses -= 1;
    if (this.#pauses === 0 && this.live) this.socket.resume();
  }

  info(): ConnectionContext {
    const { clock } = this.context;
    const wallMinusMonotonic = clock.now() - clock.monotonicMs();
    return {
      connectionId: this.connectionId,
      state: this.#state,
      memberId: this.member?.memberId,
      role: this.member?.role,
      metadata: this.member?.metadata,
      groups: this.memberships.map(({ group }) => group.groupId),
      createdAt: Math.round(wallMinusMonotonic + this.#createdAtMonotonic),
      lastSeenAt: Math.round(wallMinusMonotonic + this.seenAt),
      remoteAddress: this.remoteAddress,
    };
  }

  #isOverMark(): boolean {
    return this.socket.bufferedBytes >= this.context.limits.socketHighWaterMarkBytes;
  }
}
