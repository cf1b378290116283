/** What kind of client speaks, as it says in `identify`. */
export const CLIENT_TYPES = ['app-client', 'service-node', 'dashboard'] as const;
/** One of {@link CLIENT_TYPES}. */
export type ClientType = (typeof CLIENT_TYPES)[number];

/** The dialect of the contract: `"1"` is the base and frozen, `"2"` is the extended one (PROTOCOL.md, "Dialects"). */
export type Dialect = '1' | '2';

/** How a `data_update` treats a receiver that is behind (PROTOCOL.md, "Delivery"). Default: `reliable`. */
export const DELIVERY_MODES = ['reliable', 'latest', 'volatile'] as const;
/** One of {@link DELIVERY_MODES}. */
export type DeliveryMode = (typeof DELIVERY_MODES)[number];

/**
 * One message: one WebSocket text frame carries one envelope in JSON. A receiver ignores fields that it does not know.
 * PROTOCOL.md, "Envelope", has the table.
 */
export interface Envelope<Type extends string = string, Payload = unknown> {
  /** The signal's name. */
  type: Type;
  /** When it was said, in Unix milliseconds. The gateway fills it where a client left it out. */
  ts?: number | undefined;
  /** Dialect, on `identify`. */
  version?: string | undefined;
  /** Carried through unchanged to every receiver and into logs. */
  traceId?: string | undefined;
  /** Where in a trace it was said: W3C Trace Context, version `00`. */
  traceparent?: string | undefined;
  /** The group; defaults to the connection's own. */
  groupId?: string | undefined;
  /** A collaborative session inside the group. */
  sessionId?: string | undefined;
  /** Message id: asks for an `ack` or an `error.inReplyTo`. */
  id?: string | undefined;
  /** What the signal has to say; `undefined` for those that have nothing. */
  payload?: Payload | undefined;
}
