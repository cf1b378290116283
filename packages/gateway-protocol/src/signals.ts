import type { ErrorCode } from './codes.js';
import type { ClientType, DeliveryMode, Envelope } from './envelope.js';

/** A place in a group's log: `epoch` names the log, `seq` the last message seen in it. */
export interface LogPosition {
  epoch: string;
  seq: number;
}

export interface IdentifyPayload {
  clientType: ClientType;
  /** The group to join at once. */
  groupId?: string;
  /** Anything about the client (`platform`, `appVersion`, …), up to 4 KiB of JSON. */
  metadata?: Record<string, unknown>;
  /** Given to the gateway's `authenticate` hook. */
  token?: string;
  /** Dialect 2: become the same member again. `decode` makes `groups` without a prototype, for its keys are a client's. */
  resume?: { token: string; groups?: Record<string, LogPosition> };
}

/** What a session is about. */
export interface SessionMeta {
  label?: string;
  createdBy?: string;
  tags?: string[];
}

export interface DataPayload {
  /** Any JSON value; the gateway does not look into it. */
  data: unknown;
  /** With a `sessionId`: creates or updates the session's record. */
  meta?: SessionMeta;
}

export type IdentifySignal = Envelope<'identify', IdentifyPayload> & { payload: IdentifyPayload };
export type HeartbeatSignal = Envelope<'heartbeat'>;
export type DataUpdateSignal = Envelope<'data_update', DataPayload> & {
  payload: DataPayload;
  delivery?: DeliveryMode;
  key?: string;
};
export type JoinSignal = Envelope<'join', { groupId: string; since?: LogPosition }> & {
  payload: { groupId: string; since?: LogPosition };
};
export type LeaveSignal = Envelope<'leave', { groupId: string }> & { payload: { groupId: string } };

/** Everything that a client may send. `join` and `leave` are of dialect 2. */
export type IncomingFromClient = IdentifySignal | HeartbeatSignal | DataUpdateSignal | JoinSignal | LeaveSignal;

/** A group's presence, see PROTOCOL.md, "Presence". */
export type PresenceStatus = 'UP' | 'DEGRADED' | 'DOWN' | 'UNKNOWN';

export interface PresenceInfo {
  status: PresenceStatus;
  details?: {
    /** `clientType` of the member whose change caused this update. */
    role?: ClientType;
    /** `metadata` of the member whose change caused this update. */
    metadata?: Record<string, unknown>;
    /** Members in the group, dropped ones inside the resume window included. */
    members: number;
  };
}

export interface ReadyPayload {
  connectionId: string;
  heartbeat: { intervalMs: number; timeoutMs: number };
  /** After an `identify` that joined a group. */
  presence?: PresenceInfo;
}

export interface ErrorPayload {
  code: ErrorCode;
  message: string;
  status?: number;
  /** Whether the same message may succeed later. */
  retryable: boolean;
  /** When it may, in milliseconds from now. */
  retryAfterMs?: number;
  /** `id` of the message that this answers. */
  inReplyTo?: string;
}

export type ReadySignal = Envelope<'ready', ReadyPayload> & { ts: number; payload: ReadyPayload };
export type PresenceUpdateSignal = Envelope<'presence_update', { groupId: string; info: PresenceInfo }> & {
  ts: number;
  groupId: string;
  payload: { groupId: string; info: PresenceInfo };
};
/** A `data_update` as a receiver gets it: `seq` and `from` are the gateway's and may be trusted. */
export type DataUpdateDelivery = Envelope<'data_update', DataPayload> & {
  ts: number;
  groupId: string;
  /** Position in the group's log, from 1. */
  seq: number;
  /** Member id of the sender; absent where the server itself published. */
  from?: string;
  delivery?: DeliveryMode;
  key?: string;
  payload: DataPayload;
};
export type ErrorSignal = Envelope<'error', ErrorPayload> & { ts: number; payload: ErrorPayload };

/** Everything that the gateway sends in dialect 1. */
export type OutgoingToClient = ReadySignal | PresenceUpdateSignal | DataUpdateDelivery | ErrorSignal;
