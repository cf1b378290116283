import type { ClientType, DeliveryMode, Envelope } from './envelope.js';
import type { ResumeSince, Since } from './positions.js';

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
  /** Dialect 2: become the same member again, and go on where the client was in each group. */
  resume?: ResumeRequest | undefined;
}

/** What a client that comes back asks for (PROTOCOL.md, "Resume"). */
export interface ResumeRequest {
  /** That of the last `ready`. Absent, or refused, the client becomes a new member, which joins `groups` all the same. At most 8192 characters. */
  token?: string | undefined;
  /**
   * What is wanted of each group, by its id; at most 1,000. An empty object names a group and asks for nothing of its log.
   * `decode` makes the record without a prototype, for its keys are a client's.
   */
  groups?: Record<string, ResumeSince> | undefined;
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
/** Proves life, and keeps the session named by `sessionId` alive. In dialect 2 answered by `heartbeat_ack`. */
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
export type JoinSignal = Envelope<'join', { groupId: string; since?: Since | undefined }> & {
  payload: { groupId: string; since?: Since | undefined };
};
/** Dialect 2: leaves one group. */
export type LeaveSignal = Envelope<'leave', { groupId: string }> & { payload: { groupId: string } };
/**
 * Dialect 2: what the member shows of itself in a group (a cursor, "typing"), for the others to see in its presence. `state` is any JSON
 * value, up to 1 KiB of JSON by default; `null` takes it away.
 */
export type PresenceSignal = Envelope<'presence', { state: unknown }> & { payload: { state: unknown } };

/** Everything that a client may send. `join`, `leave` and `presence` are of dialect 2. */
export type IncomingFromClient = IdentifySignal | HeartbeatSignal | DataUpdateSignal | JoinSignal | LeaveSignal | PresenceSignal;
