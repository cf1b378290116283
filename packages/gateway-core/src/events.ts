import type { ClientType, DeliveryMode, PresenceInfo, SessionMeta } from 'gateway-protocol';
import type { Session } from './sessions/session-store.js';

/** Everything that a gateway reports, by event name. Listeners run synchronously, in the order in which they were added. */
export interface GatewayEvents {
  /** A client is connected and has been sent its first `ready`. */
  connection: { connectionId: string; remoteAddress: string };
  /** A client has identified; again for every later `identify`. */
  identify: {
    connectionId: string;
    memberId: string;
    role: ClientType;
    metadata?: Record<string, unknown> | undefined;
    groupId?: string | undefined;
  };
  /** A member has entered a group. */
  join: { connectionId: string; memberId: string; groupId: string };
  /** A member has left a group: by moving, by a clean close, or because its resume window is over. */
  leave: { memberId: string; groupId: string };
  /** A client's `data_update` is in its group's log. */
  data: {
    groupId: string;
    epoch: string;
    seq: number;
    from: string;
    data: unknown;
    meta?: SessionMeta | undefined;
    ts: number;
    sessionId?: string | undefined;
    traceId?: string | undefined;
    id?: string | undefined;
    delivery?: DeliveryMode | undefined;
    key?: string | undefined;
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
  disconnect: { connectionId: string; memberId?: string | undefined; code: number; reason: string };
  /** Something failed that no caller was told of: a hook, a store, the broker or a listener. Also goes to the logger. */
  error: { error: unknown; where: string; connectionId?: string | undefined };
}
