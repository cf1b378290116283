import { CLOSE_CODES } from 'gateway-protocol';
import type { Clock, TimerHandle } from './clock.js';
import { Connection, type ConnectionParts } from './connection.js';
import { ConnectionCounts } from './connection-counts.js';
import { dueEnd } from './due-end.js';
import { clientEnd, END_CAUSES, type EndCause } from './end-causes.js';
import type { Peer } from './gateway.js';
import type { Loss, StandingListener } from './groups/cursor.js';
import type { Limits } from './limits.js';
import type { SlicedTask, Slices } from './slices.js';
import { StallWatch } from './stall-watch.js';
import { pingAfterMs, type Timings } from './timings.js';
import type { GatewaySocket } from './transport/socket.js';

/** What a look at a connection of which nothing is due costs, a write to a socket being one. */
const LOOK_UNITS = 1 / 32;

/** What the hub tells of its connections. */
export interface HubListener extends StandingListener<Connection> {
  /** Connected; nothing was sent yet. */
  opened(connection: Connection): void;
  /** Its socket has room again. */
  freed(connection: Connection): void;
  /** Its socket threw. */
  broken(connection: Connection, error: unknown): void;
  /** It is taken out of what is written to, while it can still be written to where that is possible. */
  leaving(connection: Connection): void;
  /** Once for every connection. */
  ended(connection: Connection, cause: EndCause): void;
  /** Deadlines of others than connections. Each step yields what it cost, a write to a socket being one. */
  sweep(now: number): Iterator<number, void>;
}

/** The connections by id: their beginning, their one end, and one sweep for all their deadlines. */
export class Hub implements SlicedTask {
  readonly #live = new Map<string, Connection>();
  /** Ended, but their sockets are not closed yet. */
  readonly #closing = new Set<Connection>();
  readonly counts: ConnectionCounts;
  readonly #parts: ConnectionParts;
  #timer: TimerHandle | undefined;
  readonly #stall: StallWatch;
  /** Connections that the sweep under way has still to come to. */
  #pass: IterableIterator<Connection> | undefined;
  /** What the sweep under way has to do after that. */
  #rest: Iterator<number, void> | undefined;
  #sweeping = false;
  #whenEmpty: (() => void)[] = [];
  accepted = 0;
  slowConsumers = 0;

  constructor(
    private readonly clock: Clock,
    private readonly timings: Timings,
    limits: Limits,
    private readonly generateId: () => string,
    private readonly slices: Slices,
    router: ConnectionParts['router'],
    private readonly listener: HubListener,
  ) {
    this.counts = new ConnectionCounts(limits);
    this.#stall = new StallWatch(clock, timings.sweepIntervalMs, () => this.#live.values());
    this.#parts = { clock, limits, slices, stall: this.#stall, router, hub: this, listener };
    this.#schedule();
  }

  get size(): number {
    return this.#live.size;
  }

  get closingSize(): number {
    return this.#closing.size;
  }

  get(connectionId: string): Connection | undefined {
    return this.#live.get(connectionId);
  }

  values(): IterableIterator<Connection> {
    return this.#live.values();
  }

  accept(socket: GatewaySocket, peer: Peer & { traceparent?: string | undefined }): Connection {
    const connection = new Connection(this.generateId(), peer.remoteAddress, socket, this.#parts);
    connection.request = peer.request;
    connection.traceparent = peer.traceparent;
    // One that throws here was never a connection.
    socket.bind(connection);
    this.accepted += 1;
    this.#live.set(connection.connectionId, connection);
    this.counts.add(peer.remoteAddress);
    connection.advance('bound');
    this.listener.opened(connection);
    // It ended as it was bound: a connection that was there, and has gone.
    if (connection.gone) this.closed(connection, 1006, '');
    return connection;
  }

  /** Closes a socket that is one too many, without a word of it to anybody. */
  turnAway(socket: GatewaySocket): void {
    const deaf = () => {};
    try {
      socket.bind({ message: deaf, ping: deaf, drain: deaf, failed: deaf, closing: deaf, closed: deaf });
      socket.close(CLOSE_CODES.TOO_MANY_CONNECTIONS.code, CLOSE_CODES.TOO_MANY_CONNECTIONS.meaning);
    } catch {
      // It is gone either way.
    }
  }

  /** The one way in which a connection ends. Whatever the cause, this runs once, in this order; the socket may linger. */
  end(connection: Connection, why: EndCause): void {
    const cause = connection.dialect === 2 ? (why.dialect2 ?? why) : why;
    // Leaving can show that messages are lost to it, or that its socket is broken: the first cause stands.
    if (!connection.live || connection.ending) return;
    connection.ending = true;
    connection.writeHeld();
    this.listener.leaving(connection);
    connection.advance('ended');
    connection.closingSince = this.clock.monotonicMs();
    this.#live.delete(connection.connectionId);
    this.#closing.add(connection);
    // Its socket may have closed as it was written to on its way out: there is nothing to begin then.
    if (connection.socketClosed) this.#forget(connection);
    else if (!connection.close(cause.code, cause.reason)) this.#cut(connection);
    this.listener.ended(connection, cause);
  }

  freed(connection: Connection): void {
    this.listener.freed(connection);
  }

  failed(connection: Connection, code: number, reason: string): void {
    this.end(connection, { code, reason, ending: 'dropped', by: 'client' });
  }

  broken(connection: Connection, error: unknown): void {
    this.listener.broken(connection, error);
    this.end(connection, END_CAUSES.socketFailed);
  }

  closing(connection: Connection, code: number, reason: string): void {
    this.end(connection, clientEnd(code, reason));
  }

  closed(connection: Connection, code: number, reason: string): void {
    // One that is not open yet is ended when it is.
    if (connection.state === 'connecting' || connection.socketClosed) return;
    connection.socketClosed = true;
    this.end(connection, clientEnd(code, reason));
    // Where its end is under way, that forgets it.
    if (this.#closing.has(connection)) this.#forget(connection);
  }

  lost(connection: Connection, reason: Loss): void {
    if (reason === 'reset') this.end(connection, END_CAUSES.logLost);
    else this.#tooSlow(connection);
  }

  /** Cuts what is left. */
  terminateAll(): void {
    for (const connection of [...this.#closing]) this.#cut(connection);
  }

  /** Resolves when no socket is left. */
  empty(): Promise<void> {
    if (this.#live.size + this.#closing.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  stop(): void {
    this.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #tooSlow(connection: Connection): void {
    if (!connection.live || connection.ending) return;
    this.slowConsumers += 1;
    this.end(connection, END_CAUSES.tooSlow);
  }

  /** Its socket is gone, so its place is free. */
  #forget(connection: Connection): void {
    connection.advance('socketClosed');
    this.#closing.delete(connection);
    this.counts.remove(connection.remoteAddress);
    if (this.#live.size + this.#closing.size > 0) return;
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  #cut(connection: Connection): void {
    if (!this.#closing.has(connection)) return;
    // A socket that was cut and still does not say that it is closed, or that throws, is not waited for.
    const isGivenUp = connection.cut || !connection.terminate();
    connection.cut = true;
    if (isGivenUp && this.#closing.has(connection)) this.#forget(connection);
  }

  #schedule(): void {
    this.#timer = this.clock.setTimeout(() => {
      this.#schedule();
      this.#stall.tick();
      if (this.#sweeping) return;
      this.#sweeping = true;
      this.#pass = this.#live.values();
      // From the end of the turn on: after a stall, what clients sent meanwhile is read before anybody is called silent.
      this.slices.add(this);
    }, this.timings.sweepIntervalMs);
  }

  /** Goes on with the sweep: looks at some more connections, and at the end at everything else that has a deadline. */
  step(units: number): number {
    if (this.#timer === undefined) return units;
    const now = this.clock.monotonicMs();
    let left = units;
    while (left > 0 && this.#sweeping) left -= this.#next(now);
    return left;
  }

  /** @returns what it cost. */
  #next(now: number): number {
    if (this.#pass !== undefined) {
      const { value: connection } = this.#pass.next();
      if (connection !== undefined) return this.#look(connection, now);
      this.#pass = undefined;
      this.#cutLate(now);
      this.#rest = this.listener.sweep(now);
    }
    const step = this.#rest?.next();
    if (step !== undefined && !step.done) return step.value;
    this.#sweeping = false;
    return 0;
  }

  #cutLate(now: number): void {
    for (const connection of this.#closing) {
      if (connection.cut || now - connection.closingSince >= this.timings.closeTimeoutMs) this.#cut(connection);
    }
  }

  /** @returns what it cost, a write to a socket being one. */
  #look(connection: Connection, now: number): number {
    connection.recheck();
    const cause = dueEnd(connection, this.timings, now, this.clock.now());
    if (cause === END_CAUSES.tooSlow) this.#tooSlow(connection);
    else if (cause !== undefined) this.end(connection, cause);
    else if (connection.silentMs(now) < pingAfterMs(this.timings) || !connection.askForLife(now)) return LOOK_UNITS;
    return 1;
  }
}
