import type { Limits, Timings } from 'gateway-core';

/** What the help says of each timing. A timing without an entry does not compile. */
export const TIMING_MEANINGS: Readonly<Record<keyof Timings, string>> = {
  heartbeatIntervalMs: 'how often a client is asked to send something',
  heartbeatTimeoutMs: 'close a client that was silent for this long',
  identifyTimeoutMs: 'close a client that has not identified by then',
  orphanSessionTtlMs: 'expire a session that nobody names for this long',
  resumeTtlMs: 'keep a dropped member present for this long; 0: not at all',
  closeTimeoutMs: 'cut a client that takes longer than this to close, also when draining',
  slowConsumerTimeoutMs: 'close a client whose socket has been full for this long',
  presenceIntervalMs: 'at most one presence update per group in this time',
  flushSliceMs: 'longest that members are written to in one go; 0: as long as it takes',
  partTimeoutMs: 'how long a hook, a store or the broker may take to answer',
  drainDelayMs: 'when draining, say so on /health for this long before anybody is refused or told',
  sweepIntervalMs: 'how often deadlines are looked at',
  presenceLeaseMs: 'gateways that share presence take one for dead that is not heard of for this long',
};

/** What the help says of each limit. A limit without an entry does not compile. */
export const LIMIT_MEANINGS: Readonly<Record<keyof Limits, string>> = {
  messageBytesMax: 'longest message',
  jsonDepthMax: 'deepest nesting of a message',
  messageFragmentsMax: 'most fragments of one message',
  metadataBytesMax: 'largest metadata of an identify',
  connectionsMax: 'most connections in all',
  connectionsPerAddressMax: 'most connections from one address; see --trust-proxy-hops',
  ipv6PrefixLength: 'first bits of an IPv6 address that count as one address',
  messagesPerSecondMax: 'messages per second from one client, in the long run',
  messagesBurst: 'messages from one client at once',
  bytesPerSecondMax: 'bytes per second from one client, in the long run',
  bytesBurst: 'bytes from one client at once; at least --message-bytes-max',
  joinsPerSecondMax: 'identifies per second from one client, in the long run',
  joinsBurst: 'identifies from one client at once',
  errorsPerSecondMax: 'error answers per second before a client is closed, in the long run',
  errorsBurst: 'error answers at once before a client is closed',
  drainsPerSecondMax: 'clients told to go per second when draining, where --close-timeout-ms leaves the time',
  groupsMax: 'most groups in all',
  sessionsPerGroupMax: 'most sessions in one group',
  sessionsPerConnectionMax: 'most sessions that one client has opened',
  sessionBytesTotalMax: 'most memory of all sessions, in bytes',
  droppedMembersMax: 'most members kept after their connection dropped',
  presenceWritesPerSecondMax: 'members told of presence per second, in all groups, in the long run',
  logMessagesMax: "most messages in a group's log",
  logBytesMax: "most bytes in a group's log",
  logAgeMaxMs: 'oldest message in a log, in milliseconds',
  logBytesTotalMax: 'most memory of all logs, in bytes',
  socketHighWaterMarkBytes: 'unsent bytes from which a client is not written to until it drains',
};
