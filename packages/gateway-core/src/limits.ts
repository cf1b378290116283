import { PROTOCOL_LIMITS } from 'gateway-protocol';

/** Every bound of the gateway. 0 switches a limit off. */
export interface Limits {
  /** Longest message from a client, in bytes; a longer one is closed with 1009. Also the longest that `publish` takes. */
  messageBytesMax: number;
  /** Deepest nesting of a message's JSON. */
  jsonDepthMax: number;
  /** Most fragments of one message (RFC 6455 §5.4); more are closed with 1008. */
  messageFragmentsMax: number;
  /** Largest `metadata` of an `identify`, in bytes of JSON. */
  metadataBytesMax: number;
  /** Most connections in all, closing ones included; one more is refused with 503. */
  connectionsMax: number;
  /** Most connections from one address; one more is refused with 429. Off by default: behind a proxy all clients share one, see `trustProxyHops`. */
  connectionsPerAddressMax: number;
  /** Messages (and pings) that one connection may send per second, in the long run. */
  messagesPerSecondMax: number;
  /** Messages that one connection may send at once. */
  messagesBurst: number;
  /** Bytes that one connection may send per second, in the long run. */
  bytesPerSecondMax: number;
  /** Bytes that one connection may send at once; at least `messageBytesMax`. */
  bytesBurst: number;
  /** Error answers per second, in the long run, before a connection is closed (4100 for rates, 4002 for anything else). */
  errorsPerSecondMax: number;
  /** Error answers at once before a connection is closed. */
  errorsBurst: number;
  /** Most groups in all. When it is reached, the group that is without members for longest makes room. */
  groupsMax: number;
  /** Most live sessions in one group. */
  sessionsPerGroupMax: number;
  /** Most live sessions that one connection has opened. */
  sessionsPerConnectionMax: number;
  /** Most memory of all live sessions together, in bytes, in the gateway's own store; a store that is passed in has bounds of its own. */
  sessionBytesTotalMax: number;
  /** Most members kept after their connection dropped; beyond it the oldest leaves early. */
  droppedMembersMax: number;
  /** Most messages in one group's log. */
  logMessagesMax: number;
  /** Most bytes of frames in one group's log. */
  logBytesMax: number;
  /** Oldest message in a log, in milliseconds; a group without members is forgotten after the same time. */
  logAgeMaxMs: number;
  /** Most memory of all logs together, in bytes: of the slabs that hold the frames, whether full or not. */
  logBytesTotalMax: number;
  /** A socket with this many unsent bytes is not written to until it drains. Also the most that one write carries, but for a single larger message. */
  socketHighWaterMarkBytes: number;
}

/** The defaults of {@link Limits}. */
export const DEFAULT_LIMITS: Readonly<Limits> = {
  messageBytesMax: PROTOCOL_LIMITS.messageBytesMax,
  jsonDepthMax: PROTOCOL_LIMITS.jsonDepthMax,
  messageFragmentsMax: 1024,
  metadataBytesMax: PROTOCOL_LIMITS.metadataBytesMax,
  connectionsMax: 50_000,
  connectionsPerAddressMax: 0,
  messagesPerSecondMax: 200,
  messagesBurst: 400,
  bytesPerSecondMax: 1024 * 1024,
  bytesBurst: 4 * 1024 * 1024,
  errorsPerSecondMax: 1,
  errorsBurst: 100,
  groupsMax: 100_000,
  sessionsPerGroupMax: 1_000,
  sessionsPerConnectionMax: 1_000,
  sessionBytesTotalMax: 64 * 1024 * 1024,
  droppedMembersMax: 50_000,
  logMessagesMax: 1_024,
  logBytesMax: 1024 * 1024,
  logAgeMaxMs: 300_000,
  logBytesTotalMax: 256 * 1024 * 1024,
  socketHighWaterMarkBytes: 256 * 1024,
};
