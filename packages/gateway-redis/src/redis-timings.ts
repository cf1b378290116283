/** Durations of a backend, in milliseconds. */
export interface RedisTimings {
  /** Longest wait for a reply, after which the connection is given up. Also how long connecting may take. Default 3,000. */
  commandTimeoutMs: number;
  /** How long a publish, or any other call, waits for a connection before it is refused. Default 5,000. */
  publishTimeoutMs: number;
  /** A subscriber connection that was silent for this long is probed; one that stays silent as long again is given up. Default 5,000. */
  probeIntervalMs: number;
  /** How often a group in which nothing was heard is compared with its log. Default 30,000. */
  auditIntervalMs: number;
  /** Longest pause between two attempts to connect; the first is a fortieth of it. Default 2,000. */
  reconnectMaxMs: number;
  /** How often the backend looks at its deadlines. Default 250. */
  sweepIntervalMs: number;
  /** How long an empty group is remembered as DOWN. Default 300,000. */
  downTtlMs: number;
  /** The lease of a gateway that says something of a member before its first touch. Default 30,000. */
  untouchedLeaseMs: number;
}
