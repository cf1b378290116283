import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { DeliveryMode, LogPosition, PresenceInfo, Result, SessionMeta } from 'gateway-protocol';
import type { GatewayEvents } from './events.js';
import type { Explained, Explanation } from './explanation.js';
import type {
  ConnectionContext,
  GatewayMetrics,
  GatewayStats,
  GroupInfo,
  LedgerEntry,
  MemberInfo,
  MembersPage,
  Revoked,
} from './gateway-info.js';
import type { Session } from './sessions/session-store.js';
import type { GatewaySocket } from './transport/socket.js';

/** What a message that the server publishes may carry beside its data. Receivers get it as it is. */
export interface PublishOptions {
  /** The session that the message belongs to; keeps it alive. */
  sessionId?: string | undefined;
  /** With `sessionId`: creates or updates the session's record. */
  meta?: SessionMeta | undefined;
  /** For logs, here and at the receivers. */
  traceId?: string | undefined;
  /** Where in a trace it is published: W3C Trace Context. Receivers get it as version `00` says it, or the `tracer`'s own. */
  traceparent?: string | undefined;
  /** Message id. In dialect 1 it has no effect here. */
  id?: string | undefined;
  /** How a receiver that is behind is treated (PROTOCOL.md, "Delivery"). Default `reliable`. */
  delivery?: DeliveryMode | undefined;
  /** Of what this is the latest; required where `delivery` is `latest`. */
  key?: string | undefined;
}

/** Who connects, for {@link Gateway.accept}. */
export interface Peer {
  remoteAddress: string;
  /** The upgrade request, for the `authenticate` hook. */
  request?: IncomingMessage | undefined;
}

/** A running gateway, see `createGateway`. */
export interface Gateway {
  /** The path on which clients connect. */
  readonly path: string;

  /**
   * Listens to an event.
   * @returns what stops listening.
   * @throws GatewayError `INVALID_ARGUMENT` for a name that no event has.
   * @example
   * const off = gateway.on('data', ({ groupId, seq, data }) => console.log(groupId, seq, data));
   */
  on<Name extends keyof GatewayEvents>(name: Name, listener: (event: GatewayEvents[Name]) => void): () => void;

  /**
   * Takes over an HTTP upgrade, for a host that routes upgrades itself; do not pass `server` then. The path is not looked at: the host
   * has decided. A bad handshake is answered with an HTTP status.
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;

  /**
   * Takes over a client's socket of any transport; what `handleUpgrade` ends in, and where in-memory sockets come in. One too many for
   * `limits.connectionsMax` or `limits.connectionsPerAddressMax` is closed with 4101 and counted as refused.
   */
  accept(socket: GatewaySocket, peer: Peer): void;

  /**
   * Sends a message to all members of a group, as the server: the receivers' `data_update` has no `from`.
   * @param data any JSON value.
   * @returns its place in the group's log. A rejection that nobody handles is an `unhandledRejection` of the process, as with any promise:
   * where you do not wait, catch.
   * @throws GatewayError (by rejection) `INVALID_ARGUMENT` (also for an option that there is not), `MESSAGE_TOO_BIG`, `TOO_MANY_GROUPS`,
   * `TOO_MANY_SESSIONS`, `PART_TIMEOUT` or `CLOSED`.
   * @example
   * const { seq } = await gateway.publish('group-1', { price: 12 });
   */
  publish(groupId: string, data: unknown, options?: PublishOptions): Promise<LogPosition>;

  /**
   * Closes one connection, and ends its member: it does not stay for the resume window.
   * @param code 1000 or 4000 to 4999 (RFC 6455 §7.4.2). Default 4003. Its range tells the client whether to come back
   * (PROTOCOL.md, "Close codes").
   * @param reason at most 123 bytes of UTF-8 (RFC 6455 §5.5). Default empty.
   * @returns `false` where there is no such connection.
   * @throws GatewayError `INVALID_ARGUMENT`.
   */
  disconnect(connectionId: string, code?: number, reason?: string): boolean;

  /**
   * Puts a connection's member into a group, beside those that it is in. The client is not asked, nor is `authorize`; it hears the group's
   * messages and presence from then on. It stays there over a later `identify` of the same user.
   * @returns once it is in; nothing happens where it is already.
   * @throws GatewayError (by rejection) `NOT_CONNECTED`, `INVALID_ARGUMENT`, `TOO_MANY_GROUPS`, `PART_TIMEOUT` or `CLOSED`.
   * @example
   * gateway.on('identify', ({ connectionId, principal }) => gateway.join(connectionId, `user:${principal}`).catch(log));
   */
  join(connectionId: string, groupId: string): Promise<void>;

  /**
   * Takes a connection's member out of a group, once it was written what it is owed.
   * @returns `false` where there is no such connection, or it is not in the group.
   */
  leave(connectionId: string, groupId: string): boolean;

  /**
   * Takes a member out of a group, connected or inside its resume window, once it was written what it is owed.
   * @returns `false` where there is no such member here, or it is not in the group.
   */
  remove(memberId: string, groupId: string): boolean;

  /**
   * Ends members of this gateway whose credentials are no longer good: connected ones are closed with 4003, and nobody becomes them again with
   * a resume token, here or on a gateway that shares the member store; which has a `revoke` of its own. Members that a gateway has left behind,
   * by closing or by dying, are on none until they come back: for those it is `authenticate` that says no. From the call on nothing that they send
   * is accepted; the connections are closed in slices, at the end of the turn and after it.
   * @returns how many members there were.
   * @throws GatewayError `INVALID_ARGUMENT`; what `where` throws. Nobody is ended then.
   * @example
   * gateway.revoke({ where: ({ principal }) => principal === 'user-7' });
   */
  revoke(revoked: Revoked): number;

  /**
   * Where a group's log stands. Who writes a snapshot of the group's state takes the position first: a client that loads the snapshot and
   * then joins since that position misses nothing (docs/recipes.md).
   * @throws GatewayError (by rejection) `INVALID_ARGUMENT`, `TOO_MANY_GROUPS`, `PART_TIMEOUT` or `CLOSED`.
   */
  position(groupId: string): Promise<LogPosition>;

  /**
   * Replaces the `metadata` that presence shows of a connection's member, in all its groups, once the presence store has taken it. Where
   * this rejects, also because the store failed, the `metadata` stays what it was.
   * @throws GatewayError (by rejection) `NOT_CONNECTED`, or `INVALID_ARGUMENT` for what is no object or over `limits.metadataBytesMax`.
   */
  setMetadata(connectionId: string, metadata: Record<string, unknown>): Promise<void>;

  /** The live connections. */
  connections(): ConnectionContext[];
  /** The groups that this gateway holds. */
  groups(): GroupInfo[];
  /**
   * A group's presence, over all gateways that share the store.
   * @throws GatewayError (by rejection) `PART_TIMEOUT`.
   */
  presence(groupId: string): Promise<PresenceInfo>;
  /**
   * A group's members, over all gateways that share the store, in the order in which they came; all, or a page of them.
   * @throws GatewayError (by rejection) `INVALID_ARGUMENT` or `PART_TIMEOUT`.
   */
  members(groupId: string, page?: MembersPage): Promise<MemberInfo[]>;
  /**
   * A group's live sessions.
   * @throws GatewayError (by rejection) `PART_TIMEOUT`.
   */
  sessions(groupId: string): Promise<Session[]>;
  /** The books of a group: what became of its messages for each of its members on this gateway. */
  ledger(groupId: string): LedgerEntry[];
  /**
   * Why a member of this gateway got a message, or did not: from its books, the log, and what has ended lately (`limits.recentEndsMax`). Where
   * those leave it open, it says so.
   * @throws GatewayError `INVALID_ARGUMENT`.
   * @example
   * const { fate, text } = gateway.explain({ groupId: 'group-1', seq: 17, memberId });
   */
  explain(explained: Explained): Explanation;
  stats(): GatewayStats;
  /** `stats()` and more, for who monitors: one pass over all connections, so not for every message. */
  metrics(): GatewayMetrics;
  /** `ok: false` with code `DRAINING` from the moment `close()` is called. */
  health(): Result<{ status: 'ok' }>;

  /**
   * Says that it is not ready for `timings.drainDelayMs`, taking clients still; then stops accepting (503), sends out what was accepted,
   * tells every client (1012), at most `limits.drainsPerSecondMax` a second where the grace leaves the time, waits for their closing
   * handshakes, and cuts those that take longer than `graceMs`. Members that can be resumed are left to the gateways that share the member store.
   * Does not close the HTTP server. Later calls get the same promise.
   * @param options.graceMs after the delay; default `timings.closeTimeoutMs`.
   * @throws GatewayError (by rejection) `INVALID_ARGUMENT`; nothing is closed then.
   */
  close(options?: { graceMs?: number | undefined }): Promise<void>;
}
