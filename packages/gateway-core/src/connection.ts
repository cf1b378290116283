import type { LogPosition } from 'gateway-protocol';
import { CONNECTION_STATES, type ConnectionEvent } from './connection-states.js';
import type { EndCause } from './end-causes.js';
import { FlowControl, type FlowParts } from './flow-control.js';
import type { Peer } from './gateway.js';
import type { ConnectionState } from './gateway-info.js';
import type { Loss, Receiver, StandingListener } from './groups/cursor.js';
import type { Membership } from './groups/group.js';
import type { Replay } from './groups/replay.js';
import type { Member } from './members/member.js';
import { placeOf } from './members/member.js';
import { nextState } from './next-state.js';
import type { GatewaySocket, SocketListener } from './transport/socket.js';
import type { Unanswered } from './unanswered.js';

const NONE: readonly Membership[] = [];

/** What a connection needs of its surroundings. */
export interface ConnectionParts extends FlowParts {
  /** Is told when something is heard, before anything is made of it. */
  readonly stall: { awake(now: number): void };
  /** Takes what a live client sends. */
  readonly router: {
    receive(connection: Connection, text: string, byteLength: number): void;
    /** A ping or pong. */
    spend(connection: Connection): void;
  };
  readonly listener: StandingListener<Connection>;
  /** Takes what becomes of a connection. */
  readonly hub: {
    /** Its socket takes more again. */
    freed(connection: Connection): void;
    failed(connection: Connection, code: number, reason: string): void;
    /** Its socket threw. */
    broken(connection: Connection, error: unknown): void;
    closing(connection: Connection, code: number, reason: string): void;
    closed(connection: Connection, code: number, reason: string): void;
    /** Messages of one of its groups are lost to it. */
    lost(connection: Connection, reason: Loss): void;
  };
}

/** One client: its state, its member and its socket. */
export class Connection extends FlowControl implements Receiver, SocketListener {
  #state: ConnectionState = 'connecting';
  gone = false;
  /** It is ending, for a cause that is settled. */
  ending = false;
  readonly deflate: boolean;
  /** Chosen by its first `identify`. */
  dialect: 1 | 2 = 1;
  /** Another connection speaks for its member now: nothing that it says counts any more. */
  fenced = false;
  /** Its client has not shown yet that it has its newest resume token. */
  unconfirmed = false;
  /** It is to end so, in its turn: nothing that it says is accepted any more. */
  sentence: EndCause | undefined;
  /** Who it is about to be, while hooks and stores are asked. */
  arriving: Member | undefined;
  /** When its credentials end, in Unix milliseconds. */
  expiresAt: number | undefined;
  /** When something was last heard, or it was last listened to again, in monotonic milliseconds. */
  seenAt: number;
  /** When it was last asked for a sign of life, in monotonic milliseconds. */
  #pingedAt: number | undefined;
  /** When it began to close, in monotonic milliseconds. */
  closingSince = 0;
  /** Its socket has said that it is closed. */
  socketClosed = false;
  /** Its socket was told to cut the connection. */
  cut = false;
  member: Member | undefined;
  /** Of the texts that it has sent. */
  bytesIn = 0;
  /** From when the time for its `identify` counts anew, in monotonic milliseconds: the gateway itself has failed on one. */
  identifyFrom: number | undefined;
  /** Its last `identify` was refused for a reason that stays. */
  identifyRefused = false;
  /** A handler is at work on a message of it, or so many are not answered that the next one waits. */
  busy = false;
  /** Messages that came meanwhile, in order, and which of them is next; `undefined` while there are none. */
  inbox: { readonly texts: string[]; next: number } | undefined;
  /** Answers that are still to come; `undefined` while there are none. */
  unanswered: Unanswered | undefined;
  /** Of the upgrade request; until the first `identify`, where the gateway traces. */
  traceparent: string | undefined;
  /** The upgrade request, for the `authenticate` hook; only kept where there is one. */
  request: Peer['request'];
  /** For how long it was not listened to, until it has sent what that time allowed. */
  unheardMs = 0;
  /** When it may send a whole burst again, in monotonic milliseconds. Numbers from the start: V8 writes one over the other for each message. */
  messagesFullAt = Number.NEGATIVE_INFINITY;
  bytesFullAt = Number.NEGATIVE_INFINITY;
  /** And of joins and errors, which are seldom; `undefined`: now. */
  joinsFullAt: number | undefined;
  errorsFullAt: number | undefined;
  readonly createdAtMonotonic: number;

  constructor(
    readonly connectionId: string,
    readonly remoteAddress: string,
    socket: GatewaySocket,
    protected override readonly parts: ConnectionParts,
  ) {
    super(socket, parts);
    const now = parts.clock.monotonicMs();
    this.seenAt = now;
    this.createdAtMonotonic = now;
    this.deflate = socket.deflate === true;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Whether it may still send and be sent to. */
  override get live(): boolean {
    return this.#state === 'open' || this.#state === 'identified';
  }

  /** Whether what it has said still counts. */
  get speaks(): boolean {
    return this.live && !this.fenced && this.sentence === undefined;
  }

  get hearsGaps(): boolean {
    return this.dialect === 2;
  }

  get memberships(): readonly Membership[] {
    return this.fenced ? NONE : (this.member?.memberships ?? NONE);
  }

  /** Its place in a group; where none is named, in the one that its `identify` named, else in the first that it was put into. */
  placeIn(groupId: string | undefined): Membership | undefined {
    if (groupId !== undefined) return this.fenced ? undefined : placeOf(this.member, groupId);
    const [first] = this.memberships;
    return first?.assigned ? (this.memberships.find(({ assigned }) => !assigned) ?? first) : first;
  }

  /**
   * For how long it was silent. While a handler keeps it waiting it is not listened to, and that is no silence of its own; but a socket that
   * takes nothing either is as silent: the handler may be waiting for that one.
   */
  silentMs(now: number): number {
    return this.keptWaiting ? this.stalledMs(now) : now - this.seenAt;
  }

  /** The only place that changes `state`. `identified` may follow itself: a second `identify`. */
  advance(event: ConnectionEvent): void {
    this.#state = nextState(CONNECTION_STATES, 'a connection', this.#state, event);
    if (event === 'ended') this.endFlow();
  }

  lost(reason: Loss): void {
    this.parts.hub.lost(this, reason);
  }

  synced(groupId: string, position: LogPosition, replay: Replay): void {
    this.parts.listener.synced(this, groupId, position, replay);
    // Who waits for all that it is owed may have it now.
    this.letGo();
  }

  gapped(groupId: string, from: number, to: number): void {
    this.parts.listener.gapped(this, groupId, from, to);
  }

  message(text: string, byteLength: number): void {
    if (!this.live) return;
    this.bytesIn += byteLength;
    this.#heard();
    this.parts.router.receive(this, text, byteLength);
  }

  ping(): void {
    if (!this.live) return;
    this.#heard();
    this.parts.router.spend(this);
  }

  /** The gateway itself stood still for so long: nothing of that is silence of the client's, or haste. */
  stoodStill(stillMs: number, now: number): void {
    // Where it was not read from before either, `resume` makes up for all of it.
    if (!this.paused) this.unheardMs += Math.min(stillMs, now - this.seenAt);
    this.seenAt = Math.min(now, this.seenAt + stillMs);
  }

  failed(code: number, reason: string): void {
    this.parts.hub.failed(this, code, reason);
  }

  closing(code: number, reason: string): void {
    this.gone = true;
    this.parts.hub.closing(this, code, reason);
  }

  closed(code: number, reason: string): void {
    this.gone = true;
    this.parts.hub.closed(this, code, reason);
  }

  /** Asks for a sign of life, once for each silence. @returns whether it did. */
  askForLife(now: number): boolean {
    if (this.#pingedAt !== undefined && this.#pingedAt > this.seenAt) return false;
    this.#pingedAt = now;
    this.call(() => this.socket.ping?.());
    return true;
  }

  /** Writes what its groups' logs still hold for it. `false`: its socket is full before that; an ended one is owed nothing. */
  catchUp(): boolean {
    for (const membership of this.memberships) {
      membership.group.catchUp(membership);
      if (this.live && membership.group.isBehind(membership)) return false;
    }
    return true;
  }

  /** Begins the closing handshake. `false`: its socket threw, and nothing more is to be expected of it. */
  close(code: number, reason: string): boolean {
    return this.call(() => this.socket.close(code, reason));
  }

  /** Cuts it. `false`: as for `close`. */
  terminate(): boolean {
    return this.call(() => this.socket.terminate());
  }

  protected override freed(): void {
    this.parts.hub.freed(this);
  }

  protected override heardAgain(unheardMs: number): void {
    this.seenAt = this.parts.clock.monotonicMs();
    this.unheardMs += unheardMs;
  }

  protected override broken(error: unknown): void {
    this.gone = true;
    this.parts.hub.broken(this, error);
  }

  #heard(): void {
    const now = this.parts.clock.monotonicMs();
    this.parts.stall.awake(now);
    this.seenAt = now;
  }
}
