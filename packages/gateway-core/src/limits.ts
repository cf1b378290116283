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
  /** Largest `state` that a member says of itself in a group (dialect 2), in bytes of JSON. */
  presenceStateBytesMax: number;
  /** Most members of a group that are listed to members of dialect 2, and told of one by one; in a larger group only their number is. */
  presenceMembersMax: number;
  /** Longest such list, in bytes of JSON; a longer one is not sent either. Each member's part is its id, role, `metadata` and `state`. */
  presenceListBytesMax: number;
  /** Most connections in all, closing ones included; one more is refused with 503. */
  connectionsMax: number;
  /** Most clients that are being told by a close code that they are refused, see `refuseBy`; one more gets an HTTP status. */
  refusedClosingMax: number;
  /** Most connections from one address; one more is refused with 429. Off by default: behind a proxy all clients share one, see `trustProxyHops`. */
  connectionsPerAddressMax: number;
  /**
   * IPv6 addresses that are the same in so many first bits, at most 128, count as one for `connectionsPerAddressMax`: 64 is the network
   * that one customer has (RFC 6177). 0: each counts by itself.
   */
  ipv6PrefixLength: number;
  /** Messages (and pings) that one connection may send per second, in the long run. */
  messagesPerSecondMax: number;
  /** Messages that one connection may send at once. */
  messagesBurst: number;
  /** Bytes that one connection may send per second, in the long run. */
  bytesPerSecondMax: number;
  /** Bytes that one connection may send at once; at least `messageBytesMax`. */
  bytesBurst: number;
  /**
   * Messages of one connection that the broker has been given and has not answered. At the limit, or when they are together as long as
   * `messageBytesMax`, the connection is not read from until one is answered. A broker that answers in the call has none.
   */
  publishesInFlightMax: number;
  /** `identify`s and `join`s of one connection per second, in the long run: each is a step of its own for hooks, stores and everybody's presence. Off where it is not given and `messagesPerSecondMax` is 0. */
  joinsPerSecondMax: number;
  /** `identify`s of one connection at once. */
  joinsBurst: number;
  /** Most groups that one connection joins (dialect 2). Those that the host has put it into count as well. */
  groupsPerConnectionMax: number;
  /** Error answers per second, in the long run, before a connection is closed (4100 for rates, 4002 for anything else). Where the gateway or a part of it failed (`INTERNAL`), that is none. */
  errorsPerSecondMax: number;
  /** Error answers at once before a connection is closed. */
  errorsBurst: number;
  /** Clients that are told to go per second while the gateway drains, as far as the grace leaves the time; the first 100 ms' at once. */
  drainsPerSecondMax: number;
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
  /** Most gaps, leaves and ended connections that `Gateway.explain` tells of: the newest, of each kind. */
  recentEndsMax: number;
  /**
   * Most members that are written a `presence_update` per second, over all groups, in the long run: beyond it the intervals grow. The
   * default is about a tenth of a core at 18 µs a write.
   */
  presenceWritesPerSecondMax: number;
  /** Most messages in one group's log. */
  logMessagesMax: number;
  /** Most bytes of frames in one group's log. */
  logBytesMax: number;
  /** Oldest message in a log, in milliseconds; a group without members is forgotten after the same time. */
  logAgeMaxMs: number;
  /**
   * Most memory of all groups and their logs together, in bytes: of the slabs that hold the frames, whether full or not, and of the
   * bookkeeping. Half of it at most is for the lists of who is there. Beyond it groups without members are forgotten, then the largest logs lose their oldest messages.
   */
  logBytesTotalMax: number;
  /**
   * Bytes that may be written per second to members that resume or join at a position, over all groups: beyond it they take turns, and what
   * is live goes on beside them. A tenth of it at once; a write counts as 8 KiB at least.
   */
  replayBytesPerSecondMax: number;
  /** A socket with this many unsent bytes is not written to until it drains. Also the most that one write carries, but for a single larger message. */
  socketHighWaterMarkBytes: number;
}

/** The defaults of {@link Limits}. */
export const DEFAULT_LIMITS: Readonly<Limits> = {
  messageBytesMax: PROTOCOL_LIMITS.messageBytesMax,
  jsonDepthMax: PROTOCOL_LIMITS.jsonDepthMax,
  messageFragmentsMax: 1024,
  metadataBytesMax: PROTOCOL_LIMITS.metadataBytesMax,
  presenceStateBytesMax: PROTOCOL_LIMITS.presenceStateBytesMax,
  presenceMembersMax: 1_000,
  presenceListBytesMax: 256 * 1024,
  connectionsMax: 50_000,
  refusedClosingMax: 1_000,
  connectionsPerAddressMax: 0,
  ipv6PrefixLength: 64,
  messagesPerSecondMax: 200,
  messagesBurst: 400,
  bytesPerSecondMax: 1024 * 1024,
  bytesBurst: 4 * 1024 * 1024,
  publishesInFlightMax: 64,
  joinsPerSecondMax: 5,
  joinsBurst: 50,
  groupsPerConnectionMax: 100,
  errorsPerSecondMax: 1,
  errorsBurst: 100,
  drainsPerSecondMax: 1_000,
  groupsMax: 100_000,
  sessionsPerGroupMax: 1_000,
  sessionsPerConnectionMax: 2_000,
  sessionBytesTotalMax: 64 * 1024 * 1024,
  droppedMembersMax: 50_000,
  recentEndsMax: 1_000,
  presenceWritesPerSecondMax: 5_000,
  logMessagesMax: 1_024,
  logBytesMax: 1024 * 1024,
  logAgeMaxMs: 300_000,
  logBytesTotalMax: 256 * 1024 * 1024,
  replayBytesPerSecondMax: 64 * 1024 * 1024,
  socketHighWaterMarkBytes: 256 * 1024,
};
