import { CLOSE_CODES } from 'gateway-protocol';
import type { Clock, TimerHandle } from './clock.js';
import { Connection, type ConnectionParts } from './connection.js';
import type { Peer } from './gateway.js';
import type { Limits } from './limits.js';
import type { Timings } from './timings.js';
import type { GatewaySocket } from './transport/socket.js';

/** Whether a client may come back as the same member inside the resume window, or is gone for good. */
export type Ending = 'dropped' | 'ended';

/** Why who kept up is closed: the broker lost the log of its group. */
const LOG_RESET = 'the log of the group began anew: messages may be lost; dialect 1';

/** What the hub tells of its connections. */
export interface HubListener {
  /** Connected; nothing was sent yet. */
  opened(connection: Connection): void;
  message(connection: Connection, text: string, byteLength: number): void;
  ping(connection: Connection): void;
  drained(connection: Connection): void;
  /** Its socket threw; it ends. */
  broken(connection: Connection, error: unknown): void;
  /** Takes it out of its groups, while it can still be written to where that is possible. */
  leaving(connection: Connection): void;
  /** Once for every connection. */
  ended(connection: Connection, code: number, reason: string, ending: Ending): void;
  /** Deadlines of others than connections. */
  sweep(now: number): void;
}

/** The connections by id: their beginning, their one end, and one sweep for all their deadlines. */
export class Hub {
  readonly #live = new Map<string, Connection>();
  /** Ended, but their sockets are not closed yet. */
  readonly #closing = new Set<Connection>();
  readonly #perAddress = new Map<string, number>();
  readonly #context: ConnectionParts;
  #timer: TimerHandle | undefined;
  #whenEmpty: (() => void)[] = [];
  accepted = 0;
  slowConsumers = 0;

  constructor(
    private readonly clock: Clock,
    private readonly timings: Timings,
    private readonly limits: Limits,
    private readonly generateId: () => string,
    private readonly listener: HubListener,
  ) {
    this.#context = {
      clock,
      limits,
      hub: {
        message: (connection, text, byteLength) => listener.message(connection, text, byteLength),
        ping: (connection) => listener.ping(connection),
        drained: (connection) => listener.drained(connection),
        failed: (connection, code, reason) => this.end(connection, code, reason, 'dropped'),
        broken: (connection, error) => {
          listener.broken(connection, error);
          this.end(connection, CLOSE_CODES.TRY_AGAIN_LATER.code, 'the socket failed', 'dropped');
        },
        closed: (connection, code, reason) => this.#closed(connection, code, reason),
        lost: (connection, reason) => (reason === 'behind' ? this.#tooSlow(connection) : this.#lost(connection, LOG_RESET)),
      },
    };
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

  /** Why one more connection from this address is too many. */
  full(remoteAddress: string): 'in all' | 'from this address' | undefined {
    if (this.#live.size + this.#closing.size >= this.limits.connectionsMax) return 'in all';
    if ((this.#perAddress.get(remoteAddress) ?? 0) >= this.limits.connectionsPerAddressMax) return 'from this address';
    return undefined;
  }

  accept(socket: GatewaySocket, peer: Peer): Connection {
    const connection = new Connection(this.generateId(), peer.remoteAddress, socket, this.#context);
    connection.request = peer.request;
    this.accepted += 1;
    this.#live.set(connection.connectionId, connection);
    this.#perAddress.set(peer.remoteAddress, (this.#perAddress.get(peer.remoteAddress) ?? 0) + 1);
    socket.bind(connection);
    connection.advance('open');
    this.listener.opened(connection);
    return connection;
  }

  /** The one way in which a connection ends. Whatever the cause, this runs once, in this order; the socket may linger. */
  end(connection: Connection, code: number, reason: string, ending: Ending): void {
    if (!connection.live) return;
    this.listener.leaving(connection);
    // Leaving can show that messages are lost to it, which ends it with another code.
    if (!connection.live) return;
    connection.advance('closing');
    connection.closingSince = this.clock.monotonicMs();
    this.#live.delete(connection.connectionId);
    this.#closing.add(connection);
    connection.socket.close(code, reason);
    this.listener.ended(connection, code, reason, ending);
  }

  /** Cuts what is left. */
  terminateAll(): void {
    for (const connection of [...this.#closing]) connection.socket.terminate();
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

  #closed(connection: Connection, code: number, reason: string): void {
    if (connection.state === 'closed') return;
    // 1005 is a close frame without a code: what `WebSocket.close()` sends (RFC 6455 §7.1.5).
    this.end(connection, code, reason, code === 1000 || code === 1005 ? 'ended' : 'dropped');
    connection.advance('closed');
    this.#closing.delete(connection);
    const left = (this.#perAddress.get(connection.remoteAddress) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(connection.remoteAddress);
    else this.#perAddress.set(connection.remoteAddress, left);
    if (this.#live.size + this.#closing.size > 0) return;
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  #tooSlow(connection: Connection): void {
    if (!connection.live) return;
    this.slowConsumers += 1;
    this.#lost(connection, CLOSE_CODES.TRY_AGAIN_LATER.meaning);
  }

  /** Dialect 1 cannot be told of a gap: PROTOCOL.md, "Close codes". */
  #lost(connection: Connection, reason: string): void {
    this.end(connection, CLOSE_CODES.TRY_AGAIN_LATER.code, reason, 'dropped');
  }

  #schedule(): void {
    this.#timer = this.clock.setTimeout(() => {
      this.#schedule();
      // At the end of the turn: after a stall, what clients sent meanwhile is read before anybody is called silent.
      this.clock.setImmediate(() => this.#sweep());
    }, this.timings.sweepIntervalMs);
  }

  #sweep(): void {
    if (this.#timer === undefined) return;
    const now = this.clock.monotonicMs();
    const { heartbeatTimeoutMs, identifyTimeoutMs, closeTimeoutMs, slowConsumerTimeoutMs } = this.timings;
    for (const connection of this.#live.values()) {
      if (now - connection.seenAt >= heartbeatTimeoutMs) this.#timeout(connection, CLOSE_CODES.HEARTBEAT_TIMEOUT);
      else if (connection.state === 'open' && connection.ageMs >= identifyTimeoutMs)
        this.#timeout(connection, CLOSE_CODES.IDENTIFY_TIMEOUT);
      else if (
        slowConsumerTimeoutMs > 0 &&
        connection.blocked &&
        now - (connection.blockedSince as number) >= slowConsumerTimeoutMs
      ) {
        this.#tooSlow(connection);
      }
    }
    for (const connection of this.#closing) if (now - connection.closingSince >= closeTimeoutMs) connection.socket.terminate();
    this.listener.sweep(now);
  }

  #timeout(connection: Connection, { code, meaning }: { code: number; meaning: string }): void {
    this.end(connection, code, meaning, 'dropped');
  }
}
