import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ClientType, LogPosition, PresenceInfo, Result, SessionMeta } from 'gateway-protocol';
import type { GatewayEvents } from './events.js';
import type { Session } from './sessions/session-store.js';
import type { GatewaySocket } from './transport/socket.js';

/** `connecting → open → identified → closing → closed`. */
export type ConnectionState = 'connecting' | 'open' | 'identified' | 'closing' | 'closed';

/** What the gateway knows of one connection; a snapshot. */
export interface ConnectionContext {
  connectionId: string;
  state: ConnectionState;
  /** The same over reconnects; set by `identify`. */
  memberId?: string;
  /** `clientType` of the last accepted `identify`. */
  role?: ClientType;
  /** `metadata` of the last accepted `identify`. */
  metadata?: Record<string, unknown>;
  /** Ids of the groups that it is in. */
  groups: string[];
  /** Unix milliseconds. */
  createdAt: number;
  /** When anything was last heard, in Unix milliseconds. */
  lastSeenAt: number;
  /** Of the client, see `trustProxyHops`. */
  remoteAddress: string;
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
}

/** What a message that the server publishes may carry beside its data. Receivers get it as it is. */
export interface PublishOptions {
  /** The session that the message belongs to; keeps it alive. */
  sessionId?: string;
  /** With `sessionId`: creates or updates the session's record. */
  meta?: SessionMeta;
  /** For logs, here and at the receivers. */
  traceId?: string;
  /** Message id. In dialect 1 it has no effect here. */
  id?: string;
}

/** Who connects, for {@link Gateway.accept}. */
export interface Peer {
  remoteAddress: string;
  /** The upgrade request, for the `authenticate` hook. */
  request?: IncomingMessage;
}

/** A running gateway, see `createGateway`. */
export interface Gateway {
  /** The path on which clients connect. */
  readonly path: string;

  /**
   * Listens to an event.
   * @returns what stops listening.
   * @example
   * const off = gateway.on('data', ({ groupId, seq, data }) => console.log(groupId, seq, data));
   */
  on<Name extends keyof GatewayEvents>(name: Name, listener: (event: GatewayEvents[Name]) => void): () => void;

  /**
   * Takes over an HTTP upgrade, for a host that routes upgrades itself; do not pass `server` then. The path is not looked at: the host
   * has decided. A bad handshake is answered with an HTTP status.
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;

  /** Takes over a client's socket of any transport; what `handleUpgrade` ends in, and where in-memory sockets come in. */
  accept(socket: GatewaySocket, peer: Peer): void;

  /**
   * Sends a message to all members of a group, as the server: the receivers' `data_update` has no `from`.
   * @param data any JSON value.
   * @returns its place in the group's log.
   * @throws GatewayError (by rejection) `INVALID_ARGUMENT`, `MESSAGE_TOO_BIG`, `TOO_MANY_GROUPS`, `TOO_MANY_SESSIONS` or `CLOSED`.
   * @example
   * const { seq } = await gateway.publish('group-1', { price: 12 });
   */
  publish(groupId: string, data: unknown, options?: PublishOptions): Promise<LogPosition>;

  /**
   * Closes one connection, and ends its member: it does not stay for the resume window.
   * @param code 1000 or 4000 to 4999 (RFC 6455 §7.4.2). Default 4003.
   * @param reason at most 123 bytes of UTF-8 (RFC 6455 §5.5). Default empty.
   * @returns `false` where there is no such connection.
   * @throws GatewayError `INVALID_ARGUMENT`.
   */
  disconnect(connectionId: string, code?: number, reason?: string): boolean;

  /** The live connections. */
  connections(): ConnectionContext[];
  /** The groups that this gateway holds. */
  groups(): GroupInfo[];
  /** A group's presence, over all gateways that share the store. */
  presence(groupId: string): Promise<PresenceInfo>;
  /** A group's live sessions. */
  sessions(groupId: string): Promise<Session[]>;
  stats(): GatewayStats;
  /** `ok: false` with code `DRAINING` from the moment `close()` is called. */
  health(): Result<{ status: 'ok' }>;

  /**
   * Stops accepting (503), sends out what was accepted, tells every client (1012), waits for their closing handshakes, cuts those that
   * take longer than `graceMs`, closes the stores and the broker. Does not close the HTTP server. Later calls get the same promise.
   * @param options.graceMs default `timings.closeTimeoutMs`.
   * @throws GatewayError (by rejection) `INVALID_ARGUMENT`; nothing is closed then.
   */
  close(options?: { graceMs?: number }): Promise<void>;
}
