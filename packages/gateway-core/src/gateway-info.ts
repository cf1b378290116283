import type { ClientType, Dialect, LogPosition, ResetReason, SyncOutcome } from 'gateway-protocol';
import type { DurationHistogram } from './durations.js';

/** `connecting → open → identified → closing → closed`. */
export type ConnectionState = 'connecting' | 'open' | 'identified' | 'closing' | 'closed';

/** What the gateway knows of one connection; a snapshot. */
export interface ConnectionContext {
  connectionId: string;
  state: ConnectionState;
  /** The same over reconnects; set by `identify`. */
  memberId?: string | undefined;
  /** `clientType` of the last accepted `identify`. */
  role?: ClientType | undefined;
  /** `metadata` that presence shows; made anew for each call. */
  metadata?: Record<string, unknown> | undefined;
  /** As `authenticate` answered. */
  principal?: string | undefined;
  /** As `authenticate` answered: the host's own object. */
  claims?: Record<string, unknown> | undefined;
  /** Ids of the groups that it is in. */
  groups: string[];
  /** Unix milliseconds. */
  createdAt: number;
  /** When anything was last heard, in Unix milliseconds. */
  lastSeenAt: number;
  /** Of the client, see `trustProxyHops`. */
  remoteAddress: string;
  /** Chosen by its first `identify`; `1` until then. */
  dialect: Dialect;
  /** Messages between where it stands and the head, in that of its groups in which they are most. */
  lag: number;
  /** Bytes that were handed to its socket and that the network has not taken. */
  unsentBytes: number;
}

/** A group with members or with a log on this gateway. */
export interface GroupInfo {
  groupId: string;
  /** Connections in the group on this gateway. */
  connections: number;
  /** Of the newest message. */
  position: LogPosition;
  logMessages: number;
  /** Of the frames in its log. */
  logBytes: number;
}

/** Counters since the start (`…Total`) and sizes now. */
export interface GatewayStats {
  connections: number;
  /** Ended connections whose closing handshake is not over. */
  closing: number;
  droppedMembers: number;
  groups: number;
  /** Memory of all groups and their logs, as `limits.logBytesTotalMax` counts it. */
  logBytes: number;
  connectionsTotal: number;
  refusedTotal: number;
  messagesInTotal: number;
  bytesInTotal: number;
  publishedTotal: number;
  /** Messages handed to sockets by fan-out. */
  deliveredTotal: number;
  errorsSentTotal: number;
  /** Connections closed because the log no longer reached their cursor, or because their sockets did not drain for too long. */
  slowConsumersTotal: number;
  /** Logs that began anew because the broker lost them or left entries out: every member of the group was told, or closed with 1013. */
  resetsTotal: number;
  /** Messages of delivery `latest` and `volatile` that receivers which were behind have not got. */
  passedOverTotal: number;
  /** Messages that receivers have not got because the log no longer reached them; each was told, by `gap`, `sync` or its close code. */
  lostTotal: number;
  /** `gap`s sent. */
  gapsTotal: number;
}

/** {@link GatewayStats}, and what has to be looked up over all connections and groups, or is counted by its kind. */
export interface GatewayMetrics extends GatewayStats {
  /** Connections that have not identified. */
  unidentified: number;
  /** Connections of members, by their dialect. */
  identified: Record<Dialect, number>;
  /** Of the slowest connection: messages between where it stands and the head of one of its groups. */
  lagMax: number;
  /** Bytes of frames that were handed to sockets. */
  bytesOutTotal: number;
  /** Members of dialect 2 that have come back. */
  resumesTotal: number;
  /** Ended connections by their close code; `49xx` are a client's own, and whatever the contract does not know is `other`. */
  closesTotal: Record<string, number>;
  /** `error`s that clients were answered, by their code. */
  errorsTotal: Record<string, number>;
  /** `sync`s that members of dialect 2 were told, by their outcome. */
  syncsTotal: Record<SyncOutcome, number>;
  /** Of these the `reset`s, by their reason: members that could not be told all that they had missed. */
  syncResetsTotal: Record<ResetReason, number>;
  /** Members that presence shows, as far as they are this gateway's: each once for each of its groups, with or without a connection. */
  presentMembers: number;
  /** Groups with such members. */
  presentGroups: number;
  /** Members that have entered a group. */
  joinsTotal: number;
  /** Members that have left a group. Who was resumed at another gateway has left none. */
  leavesTotal: number;
  /** Whether it drains, or has. */
  draining: boolean;
  /** How long hooks, stores and the broker took that did not answer at once, by what was asked: `authenticate`, `broker.publish`, … */
  durations: Record<string, DurationHistogram>;
}

/**
 * What became of a group's messages for one member, connected or inside its resume window, since it joined, or since it was brought to
 * another position. Always: `published = written + latest + volatile + lost + pending`.
 */
export interface LedgerEntry {
  memberId: string;
  /** Messages of the group. */
  published: number;
  /** Handed to its socket. */
  written: number;
  /** Passed over as superseded `latest` ones, and as `volatile` ones. */
  latest: number;
  volatile: number;
  /** Told of as lost. */
  lost: number;
  /** Still to come. */
  pending: number;
}

/** A member of a group, on whichever gateway. */
export interface MemberInfo {
  memberId: string;
  role: ClientType;
  metadata?: Record<string, unknown> | undefined;
  /** As `authenticate` answered. */
  principal?: string | undefined;
  /** `dropped`: its connection is gone, and it is inside the resume window. */
  state: 'connected' | 'dropped';
  /** What it says of itself in the group: `state` of its last `presence` (dialect 2). Absent where there is none. */
  presenceState?: unknown;
}

/** Which of a group's members, see `Gateway.members`. */
export interface MembersPage {
  /** Those that came after this one: the last member id of the page before. One that is not there any more: from the start. */
  after?: string | undefined;
  /** At most so many, from 1. Default: all. */
  limit?: number | undefined;
}

/** A member, as `revoke` shows it to its predicate. */
export interface RevocableMember {
  memberId: string;
  role: ClientType;
  /** As `authenticate` answered. */
  principal?: string | undefined;
  /** As `authenticate` answered. */
  claims?: Record<string, unknown> | undefined;
  /** Ids of the groups that it is in. */
  groups: string[];
}

/** Whose credentials are no longer good. */
export type Revoked = { memberId: string } | { where: (member: RevocableMember) => boolean };
