/** Every duration of the gateway, in milliseconds. */
export interface Timings {
  /** How often a client is asked to send something; told to it in `ready`. */
  heartbeatIntervalMs: number;
  /** A connection from which nothing was heard for this long is closed with 4200. Any message or ping counts as life. */
  heartbeatTimeoutMs: number;
  /** A connection that has not identified after this long is closed with 4201. */
  identifyTimeoutMs: number;
  /** A session that no heartbeat or data update names for this long expires. */
  orphanSessionTtlMs: number;
  /** A member whose connection dropped stays in its groups' presence for this long. 0: it leaves at once. */
  resumeTtlMs: number;
  /** How long a closing handshake may take before the socket is cut; also the default grace of `close()`. */
  closeTimeoutMs: number;
  /** A connection whose socket has been over its high-water mark for this long is closed as too slow. 0: never. */
  slowConsumerTimeoutMs: number;
  /**
   * At most one `presence_update` per group and interval; the first change after a quiet interval goes at the end of its turn. Where many
   * are to be told the interval is longer, see `limits.presenceWritesPerSecondMax`; while a crowd comes or goes also, see
   * `presenceIntervalMaxMs`.
   */
  presenceIntervalMs: number;
  /**
   * The longest interval that a crowd makes: while a group's members become more or fewer by a twentieth or more from one `presence_update` to
   * the next, each interval is three times the one before, up to a fiftieth of `presenceIntervalMs` for each member, and to this. So a
   * group of up to 50 is not slowed, and 10,000 who join within 8 s cost each member 5 updates. What somebody says of itself is told as
   * late meanwhile. Not above `presenceIntervalMs`: intervals do not grow.
   */
  presenceIntervalMaxMs: number;
  /**
   * The longest that many members are written to in one go, before the event loop goes round and all is gone on with; the last few
   * writes come on top. 0: as long as it takes.
   */
  flushSliceMs: number;
  /** How long a hook, a store or the broker may take to answer; then the message that waits for it is answered `INTERNAL`. */
  partTimeoutMs: number;
  /** How long `close()` goes on taking clients while `health()` is not ok any more, so that load balancers notice first. */
  drainDelayMs: number;
  /** How often deadlines are looked at, by one timer for all connections, sessions and groups. */
  sweepIntervalMs: number;
  /**
   * A gateway that is not heard of for this long is taken for dead by those that share its stores: its members have left presence, and have dropped
   * in the member store. More than `sweepIntervalMs`; renewed at every third of it.
   */
  presenceLeaseMs: number;
}

/** The defaults of {@link Timings}. The first four are the product kit's (SYSTEM_SYNC.md). */
export const DEFAULT_TIMINGS: Readonly<Timings> = {
  heartbeatIntervalMs: 10_000,
  heartbeatTimeoutMs: 25_000,
  identifyTimeoutMs: 25_000,
  orphanSessionTtlMs: 15_000,
  resumeTtlMs: 15_000,
  closeTimeoutMs: 5_000,
  slowConsumerTimeoutMs: 15_000,
  presenceIntervalMs: 200,
  presenceIntervalMaxMs: 10_000,
  flushSliceMs: 3,
  partTimeoutMs: 10_000,
  drainDelayMs: 0,
  sweepIntervalMs: 1_000,
  presenceLeaseMs: 15_000,
};

/**
 * For how long a connection may be silent before it is sent a ping, in milliseconds: `heartbeatIntervalMs` and a quarter of what is left to
 * `heartbeatTimeoutMs`. A heartbeat that comes each `heartbeatIntervalMs` is always a little late for that time, by the network, the client's
 * timers or a busy loop, and would cost a ping and a pong beside itself.
 */
export function pingAfterMs({ heartbeatIntervalMs, heartbeatTimeoutMs }: Timings): number {
  return heartbeatIntervalMs + (heartbeatTimeoutMs - heartbeatIntervalMs) / 4;
}
