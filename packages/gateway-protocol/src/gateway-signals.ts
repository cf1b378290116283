import type { DataPayload } from './client-signals.js';
import type { ErrorCode } from './codes.js';
import type { ClientType, DeliveryMode, Envelope } from './envelope.js';

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

/** Dialect 2: one member of a group, as the others see it. */
export interface GroupMember {
  /** Stays the same over reconnects, as long as the member is resumed. */
  memberId: string;
  /** Its `clientType`. */
  role: ClientType;
  /** Of its `identify`; absent where it gave none. */
  metadata?: Record<string, unknown> | undefined;
  /** Of its last `presence` in this group; absent where there is none, or `null` took it away. */
  state?: unknown;
  /** `false` while its connection has dropped and it may still be resumed. */
  connected: boolean;
}

/** Dialect 2: what the gateway allows a connection (PROTOCOL.md, "Limits"). 0 is no limit. */
export interface ReadyLimits {
  /** A longer message is closed with 1009. */
  messageBytesMax: number;
  /** In the long run; more may come at once. */
  messagesPerSecondMax: number;
  /** In the long run; more may come at once. */
  bytesPerSecondMax: number;
  /** `identify` and `join`, in the long run. */
  joinsPerSecondMax: number;
  /** Groups that one connection may be in. */
  groupsPerConnectionMax: number;
  /** Of `state` in a `presence`, in UTF-8 bytes of its JSON. */
  presenceStateBytesMax: number;
  /** Of `metadata` in an `identify`, in UTF-8 bytes of its JSON. */
  metadataBytesMax: number;
}

/** What a client is told when it has connected, and again after each accepted `identify`. All but the first two fields come after an `identify` only. */
export interface ReadyPayload {
  /** Names this connection in logs and to the host; a reconnect gets another one. */
  connectionId: string;
  /** How often the client is to send something, and after how much silence it is closed with 4200. In milliseconds. */
  heartbeat: { intervalMs: number; timeoutMs: number };
  /** Dialect 1, after an `identify` that joined a group. */
  presence?: PresenceInfo | undefined;
  /** Dialect 2: who the client is to the other members; `from` of what it sends. */
  memberId?: string | undefined;
  /** Dialect 2: whether this is the member that the client was before. `false` for a new one, also where a resume token was refused. */
  resumed?: boolean | undefined;
  /** Dialect 2: what to resume with, in place of any token before, and for how long after the connection has dropped. */
  resume?: { token: string; ttlMs: number } | undefined;
  /** Dialect 2: when the credentials expire, in Unix milliseconds; then the connection is closed with 4001. Absent where they do not. */
  expiresAt?: number | undefined;
  /** Dialect 2. */
  limits?: ReadyLimits | undefined;
  /** Dialect 2: the gateway's time, in Unix milliseconds. */
  serverTs?: number | undefined;
  /** Dialect 2: ids of the groups that are coming. How it went with each is said by its {@link SyncSignal}. */
  groups?: string[] | undefined;
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
/** What a {@link PresenceUpdateSignal} says. The fields beside `groupId` and `info` are of dialect 2. */
export interface PresenceUpdatePayload {
  groupId: string;
  info: PresenceInfo;
  /** Number of the list that this leads to; a higher one is newer. */
  version?: number | undefined;
  /** Members that have come. */
  joins?: GroupMember[] | undefined;
  /** Members that have changed, each whole as it is now. */
  updates?: GroupMember[] | undefined;
  /** Ids of members that have gone. */
  leaves?: string[] | undefined;
  /** The whole list: it replaces what was known, and `joins`, `updates` and `leaves` are absent. */
  members?: GroupMember[] | undefined;
}

/** A group's newest presence, for its members. State and not a message: it has no `seq`, and `info` stands for all before it. */
export type PresenceUpdateSignal = Envelope<'presence_update', PresenceUpdatePayload> & {
  ts: number;
  groupId: string;
  payload: PresenceUpdatePayload;
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

/** Dialect 2: answers a `heartbeat`. */
export interface HeartbeatAckPayload {
  /** `ts` of the heartbeat, where it had one. */
  echoTs?: number | undefined;
  /** The gateway's time, in Unix milliseconds. */
  serverTs: number;
}

/** Dialect 2: a message with an `id` was accepted. */
export interface AckPayload {
  /** That of the message. */
  id: string;
  /** For a `data_update`: the log that it is in. */
  epoch?: string | undefined;
  /** For a `data_update`: where in the log it is. */
  seq?: number | undefined;
  /** The message was accepted before, at this position, and was not delivered again. */
  duplicate?: true | undefined;
}

/** How a join or a resume went in one group (PROTOCOL.md, "Resume"). */
export type SyncOutcome = 'live' | 'recovered' | 'reset';
/** Why what was missed cannot be replayed: the log is another one, no longer reaches back, or ends before the client's position. */
export type ResetReason = 'epoch' | 'trimmed' | 'ahead';

/** Dialect 2: where a receiver stands in a group, after everything that was replayed and before anything live. */
export interface SyncPayload {
  groupId: string;
  /** The log from here on. */
  epoch: string;
  /** The last message before what comes live. */
  seq: number;
  /** What the messages before this were: see PROTOCOL.md, "Resume". */
  outcome: SyncOutcome;
  /** Only where the outcome is `reset`, and always there. */
  reason?: ResetReason | undefined;
  /** How many messages were replayed. */
  replayed: number;
  /** Who is in the group; it replaces what was known. */
  members?: GroupMember[] | undefined;
  /** Number of the list in `members`; see {@link PresenceUpdatePayload}. */
  version?: number | undefined;
}

/** Dialect 2: messages that the receiver will not get. The next one has a `seq` past `to`. */
export interface GapPayload {
  groupId: string;
  /** `seq` of the first that is missing. */
  from: number;
  /** `seq` of the last that is missing. */
  to: number;
  /** `behind`: the receiver was so slow that the log no longer reaches it. */
  reason: 'behind';
}

/** Dialect 2: please reconnect, and resume. */
export interface ReconnectPayload {
  /** `drain`: the gateway is about to stop. */
  reason: 'drain';
  /** How long to wait before, in milliseconds. Each client gets another time, so that they do not all come at once. */
  afterMs: number;
}

/** Dialect 2: answers a `heartbeat`. */
export type HeartbeatAckSignal = Envelope<'heartbeat_ack', HeartbeatAckPayload> & { ts: number; payload: HeartbeatAckPayload };
/** Dialect 2: answers a `data_update`, `join`, `leave` or `presence` that has an `id` and was accepted. */
export type AckSignal = Envelope<'ack', AckPayload> & { ts: number; payload: AckPayload };
/** Dialect 2: ends a group's replay. It is also sent where a log was lost in mid-life. */
export type SyncSignal = Envelope<'sync', SyncPayload> & { ts: number; groupId: string; payload: SyncPayload };
/** Dialect 2: says which messages the receiver will not get. */
export type GapSignal = Envelope<'gap', GapPayload> & { ts: number; groupId: string; payload: GapPayload };
/** Dialect 2: comes before a close with 4202. */
export type ReconnectSignal = Envelope<'reconnect', ReconnectPayload> & { ts: number; payload: ReconnectPayload };

/** Everything that the gateway sends in dialect 1. */
export type OutgoingToClient = ReadySignal | PresenceUpdateSignal | DataUpdateDelivery | ErrorSignal;
/** Everything that the gateway sends in dialect 2. */
export type OutgoingToClient2 = OutgoingToClient | HeartbeatAckSignal | AckSignal | SyncSignal | GapSignal | ReconnectSignal;
