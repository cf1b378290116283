import type { ErrorCode } from './codes.js';
import type { ClientType, DeliveryMode, Envelope } from './envelope.js';

/** A place in a group's log: `epoch` names the log, `seq` the last message seen in it. */
export interface LogPosition {
  /** Changes when a log is lost and begun anew; positions in two epochs do not compare. */
  epoch: string;
  /** From 1; 0 is before the first message. */
  seq: number;
}

/** Who a client is, and where it wants to be (PROTOCOL.md, "identify"). */
export interface IdentifyPayload {
  /** What kind of client it is; the members of its group see it. */
  clientType: ClientType;
  /** The group to join at once. */
  groupId?: string | undefined;
  /** Anything about the client (`platform`, `appVersion`, …), up to 4 KiB of JSON by default; the members of its group see it. */
  metadata?: Record<string, unknown> | undefined;
  /** Given to the gateway's `authenticate` hook, and to nobody else. At most 8192 characters. */
  token?: string | undefined;
  /** Dialect 2: become the same member again. `decode` makes `groups` without a prototype, for its keys are a client's. */
  resume?: { token: string; groups?: Record<string, LogPosition> | undefined } | undefined;
}

/** What a session is about (PROTOCOL.md, "Sessions"). The gateway only keeps it. */
export interface SessionMeta {
  /** For people; at most 256 characters. */
  label?: string | undefined;
  /** As the sender says, unchecked; at most 256 characters. */
  createdBy?: string | undefined;
  /** At most 32, each of 1 to 128 characters. */
  tags?: string[] | undefined;
}

/** What a `data_update` carries. */
export interface DataPayload {
  /** Any JSON value; the gateway does not look into it. */
  data: unknown;
  /** With a `sessionId`: creates or updates the session's record. */
  meta?: SessionMeta | undefined;
}

/** Says who the client is, and joins or moves to a group. Answered by {@link ReadySignal} or {@link ErrorSignal}. */
export type IdentifySignal = Envelope<'identify', IdentifyPayload> & { payload: IdentifyPayload };
/** Proves life, and keeps the session named by `sessionId` alive. Not answered in dialect 1. */
export type HeartbeatSignal = Envelope<'heartbeat'>;
/** A message for every member of the group, the sender included; they receive a {@link DataUpdateDelivery}. */
export type DataUpdateSignal = Envelope<'data_update', DataPayload> & {
  payload: DataPayload;
  /** Default: `reliable`. */
  delivery?: DeliveryMode | undefined;
  /** Of what this is the latest; required where `delivery` is `latest`. */
  key?: string | undefined;
};
/** Dialect 2: adds a group beside those the connection is in. `since` asks for what was missed. */
export type JoinSignal = Envelope<'join', { groupId: string; since?: LogPosition | undefined }> & {
  payload: { groupId: string; since?: LogPosition | undefined };
};
/** Dialect 2: leaves one group. */
export type LeaveSignal = Envelope<'leave', { groupId: string }> & { payload: { groupId: string } };

/** Everything that a client may send. `join` and `leave` are of dialect 2. */
export type IncomingFromClient = IdentifySignal | HeartbeatSignal | DataUpdateSignal | JoinSignal | LeaveSignal;

/** Whether anybody is in a group; PROTOCOL.md, "Presence", says what each means. */
export type PresenceStatus = 'UP' | 'DEGRADED' | 'DOWN' | 'UNKNOWN';

/** A group's presence, as `ready` and `presence_update` carry it. */
export interface PresenceInfo {
  status: PresenceStatus;
  /** Absent where the status is `UNKNOWN`. */
  details?:
    | {
        /** `clientType` of the member whose change caused this update. */
        role?: ClientType | undefined;
        /** `metadata` of the member whose change caused this update. */
        metadata?: Record<string, unknown> | undefined;
        /** Members in the group, dropped ones inside the resume window included. */
        members: number;
      }
    | undefined;
}

/** What a client is told when it has connected, and again after each accepted `identify`. */
export interface ReadyPayload {
  /** Names this connection in logs and to the host; a reconnect gets another one. */
  connectionId: string;
  /** How often the client is to send something, and after how much silence it is closed with 4200. In milliseconds. */
  heartbeat: { intervalMs: number; timeoutMs: number };
  /** After an `identify` that joined a group. */
  presence?: PresenceInfo | undefined;
}

/** Why a message was not accepted (PROTOCOL.md, "Error codes"). */
export interface ErrorPayload {
  /** For programs. */
  code: ErrorCode;
  /** For people; begins with the field's name where a field is at fault. */
  message: string;
  /** The nearest HTTP status. */
  status?: number | undefined;
  /** Whether the same message may succeed later. */
  retryable: boolean;
  /** When it may, in milliseconds from now. */
  retryAfterMs?: number | undefined;
  /** `id` of the message that this answers. */
  inReplyTo?: string | undefined;
}

/** Greets a client, and answers `identify`. */
export type ReadySignal = Envelope<'ready', ReadyPayload> & { ts: number; payload: ReadyPayload };
/** A group's newest presence, for its members. State and not a message: it has no `seq`, and stands for all before it. */
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
  from?: string | undefined;
  delivery?: DeliveryMode | undefined;
  key?: string | undefined;
  payload: DataPayload;
};
/** Answers a message that was not accepted. The connection stays open, unless a close frame follows. */
export type ErrorSignal = Envelope<'error', ErrorPayload> & { ts: number; payload: ErrorPayload };

/** Everything that the gateway sends in dialect 1. */
export type OutgoingToClient = ReadySignal | PresenceUpdateSignal | DataUpdateDelivery | ErrorSignal;
