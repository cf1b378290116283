import type { ClientType, DeliveryMode, ErrorCode, PresenceInfo, ResetReason, SessionMeta, SyncOutcome } from 'gateway-protocol';
import type { Session } from './sessions/session-store.js';

/** Who an event is about. */
export interface EventMember {
  connectionId: string;
  memberId: string;
  /** As `authenticate` answered. */
  principal?: string | undefined;
  /** As `authenticate` answered. */
  claims?: Record<string, unknown> | undefined;
}

/**
 * Everything that a gateway reports, by event name. Listeners run synchronously, in the order in which they were added; what one of them
 * causes is told after the event that it was told of, so all hear the same order.
 */
export interface GatewayEvents {
  /** A client is connected; its first `ready` was written. */
  connection: { connectionId: string; remoteAddress: string };
  /** A client has identified; again for every later `identify`. */
  identify: EventMember & { role: ClientType; metadata?: Record<string, unknown> | undefined; groupId?: string | undefined };
  /** A member has entered a group: by `identify`, or by `gateway.join`. */
  join: EventMember & { groupId: string };
  /** A member has left a group: by moving, by a clean close, or because its resume window is over. */
  leave: { memberId: string; groupId: string; principal?: string | undefined };
  /** The connection of a member of dialect 2 has dropped; it can come back for `resumeTtlMs`. */
  detached: { memberId: string; principal?: string | undefined };
  /**
   * A member of dialect 2 has come back, on another connection. What it missed is written from now on: of each of its groups, `sync` says when
   * that is over.
   */
  resumed: EventMember;
  /**
   * A member of dialect 2 was written all that it had asked for of a group's log, and told so: after a resume, a `join`, or a loss of the log
   * (`reset` with the reason `epoch`). It is what the client's own `sync` says, see PROTOCOL.md. There is none where its connection ends before.
   */
  sync: {
    connectionId: string;
    memberId: string;
    groupId: string;
    /** From where on it is live. */
    epoch: string;
    seq: number;
    /** `recovered`: every message from the client's position to `seq` was written, in order, once. */
    outcome: SyncOutcome;
    /** Why its position could not be recovered. */
    reason?: ResetReason | undefined;
    /** Messages that were replayed. */
    replayed: number;
  };
  /** A member of dialect 2 did not come back within `resumeTtlMs`, and has left its groups. */
  expired: { memberId: string; principal?: string | undefined };
  /** A member of dialect 2 was resumed at another gateway that shares the member store. It has left no group, and this gateway. */
  moved: { memberId: string; principal?: string | undefined };
  /** Messages of a group are lost to a member of dialect 2, which was told: the log no longer reached it. */
  gap: { memberId: string; groupId: string; from: number; to: number };
  /** A group's log was lost by the broker, and begins anew at this position; its members were told, or closed with 1013. */
  reset: { groupId: string; epoch: string; seq: number };
  /** A client's `data_update` is in its group's log. */
  data: {
    groupId: string;
    epoch: string;
    seq: number;
    from: string;
    data: unknown;
    /** The exact JSON text of `data`, as it was sent and is passed on: digits that a number cannot hold are there. */
    dataText: string;
    meta?: SessionMeta | undefined;
    ts: number;
    sessionId?: string | undefined;
    traceId?: string | undefined;
    traceparent?: string | undefined;
    id?: string | undefined;
    delivery?: DeliveryMode | undefined;
    key?: string | undefined;
  };
  /**
   * A message is in the log of a group that this gateway holds, whoever published it: a client here, the host, or another gateway. Made
   * only where somebody listens.
   */
  published: {
    groupId: string;
    epoch: string;
    seq: number;
    /** The `data_update` as members receive it, JSON. */
    text: string;
  };
  /** A client was answered an `error`. */
  refused: {
    connectionId: string;
    memberId?: string | undefined;
    code: ErrorCode;
    message: string;
    traceId?: string | undefined;
  };
  /** A `presence_update` goes out to a group's members on this gateway. */
  presence: { groupId: string; info: PresenceInfo };
  /** A session was created. */
  sessionOpened: { session: Session };
  /** A session's `meta` was updated. */
  sessionUpdated: { session: Session };
  /** No message named a session for `orphanSessionTtlMs`. */
  sessionExpired: { session: Session };
  /** A connection has ended, whatever the cause; once for every `connection`. */
  disconnect: {
    connectionId: string;
    memberId?: string | undefined;
    principal?: string | undefined;
    /** Close code and reason, see PROTOCOL.md. 1006: the connection was lost. */
    code: number;
    reason: string;
    /** Who ended it: the client or its network, a rule of the gateway, or the host by a call. */
    by: 'client' | 'gateway' | 'host';
    /** Of the messages that it has sent, in bytes of their text. */
    bytesIn: number;
    /** Of the frames that its socket was handed, headers included; a close frame is not counted. */
    bytesOut: number;
  };
  /** Something failed that no caller was told of: a hook, a store, the broker or a listener. Also goes to the logger. */
  error: { error: unknown; where: string; connectionId?: string | undefined };
}

/** The name of every event: a misspelt one would be listened to for ever. */
export const EVENT_NAMES: Readonly<Record<keyof GatewayEvents, true>> = {
  connection: true,
  identify: true,
  join: true,
  leave: true,
  detached: true,
  resumed: true,
  sync: true,
  expired: true,
  moved: true,
  gap: true,
  reset: true,
  data: true,
  published: true,
  refused: true,
  presence: true,
  sessionOpened: true,
  sessionUpdated: true,
  sessionExpired: true,
  disconnect: true,
  error: true,
};
