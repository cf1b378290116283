import type { DeliveryMode, GroupMember, LogPosition, PresenceStatus, SessionMeta, Since } from 'gateway-protocol';
import type { GatewayClientError } from './errors.js';
import type { Readable } from './readable.js';

/** How a group is joined. */
export interface JoinOptions<Data = unknown> {
  /**
   * Where to go on from: a position that the application kept, the last messages of the log, or both. Only the first join of a group may say
   * it. Default: live. A `tail` counts at each later return as well: after a `reset` the last messages come again.
   */
  since?: Since | undefined;
  /** Snapshot, then stream: called when the group is joined, and again after each `reset` and `gap`. */
  load?: Load | undefined;
  /** Checks and types `data`; throws to refuse it. `schema.parse` of a validator fits. */
  parse?: ((data: unknown) => Data) | undefined;
}

/** Why {@link Load} is called. */
export type LoadReason = 'join' | 'reset' | 'gap';
/** Loads the state that messages go on from. `position` is that of the state: read it before the data. */
export type Load = (context: {
  groupId: string;
  reason: LoadReason;
  signal: AbortSignal;
}) => Promise<{ state: unknown; position?: LogPosition | undefined }>;

/** One user's handle of a group. */
export interface Group<Data = unknown, State = unknown> {
  readonly id: string;
  readonly status: Readable<GroupStatus>;
  /** Who is in the group. Kept over a drop. */
  readonly members: Readable<Roster<State>>;
  /** Resolves at the first `sync`, after `load` if there is one. Rejects where the join is refused, or the client stops or closes first. One promise per handle. */
  readonly ready: Promise<Group<Data, State>>;
  /** Of the last message given to listeners; `undefined` before the first `sync`. Keep it to come back later with `since`. */
  readonly position: LogPosition | undefined;
  /** Puts a message into the group's log. Always settles within `timeoutMs`; resolves with its place in the log. */
  publish(data: Data, options?: PublishOptions): Promise<Ack>;
  /**
   * Sends what may be lost: no answer, no place in a queue. With `key`, the newest of each key waits where it cannot be sent now.
   * @returns whether it was given to the socket.
   */
  send(data: Data, options?: { key?: string | undefined; sessionId?: string | undefined }): boolean;
  /**
   * What this member says of itself here (typing, a cursor). The newest wins, and is said again after a fresh join. `undefined` takes it back.
   * @throws GatewayClientError `INVALID_DATA` where it is no JSON, as a function, a symbol or a cycle, and `TOO_BIG`.
   */
  setState(state: State | undefined): void;
  /** Everything in order: messages, syncs, gaps and loaded states. Ends when the handle leaves; throws when the client stops or the group is refused. */
  updates(options?: UpdatesOptions): AsyncIterableIterator<Update<Data>>;
  /** @returns what ends it. */
  on<Name extends keyof GroupEvents<Data, State>>(
    event: Name,
    listener: (event: GroupEvents<Data, State>[Name]) => void,
  ): () => void;
  /** One user less; the group is left `lingerMs` after the last. Of no effect the second time. */
  leave(): void;
}

/** How a group stands. A page that shows "reconnecting" waits for `live`, not for the client to be online. */
export interface GroupStatus {
  /**
   * `joining`: for the first time. `live`: whole up to now. `stale`: not connected, what is shown may be old. `syncing`: a replay or a load
   * is under way. `refused`: see `error`. `left`: by the application.
   */
  state: 'joining' | 'live' | 'stale' | 'syncing' | 'refused' | 'left';
  /** How the last join or resume went (PROTOCOL.md, "sync"). */
  outcome?: Sync['outcome'] | undefined;
  reason?: string | undefined;
  replayed?: number | undefined;
  error?: GatewayClientError | undefined;
}

/** What a group tells. */
export interface GroupEvents<Data = unknown, State = unknown> {
  message: Message<Data>;
  sync: Sync;
  gap: Gap;
  state: Loaded;
  members: RosterChange<State>;
  status: GroupStatus;
}

/** A message of the group, own ones included. */
export interface Message<Data = unknown> {
  type: 'message';
  groupId: string;
  data: Data;
  /** Its place in the log. */
  seq: number;
  epoch: string;
  /** When it was said, in Unix milliseconds. */
  ts: number;
  /** Member id of its sender; absent where the server published it. */
  from?: string | undefined;
  /** Sent by this client, also under an earlier member id. */
  own: boolean;
  /** Came in a replay. */
  replayed: boolean;
  id?: string | undefined;
  key?: string | undefined;
  delivery?: DeliveryMode | undefined;
  sessionId?: string | undefined;
  traceId?: string | undefined;
  /** Of the span that it was published in, as W3C Trace Context has it: what a receiver's own span is linked to. */
  traceparent?: string | undefined;
  meta?: SessionMeta | undefined;
}

/**
 * From here on everything is whole: comes after every join or resume, after what was replayed. `reset`: messages before it may be missing; the
 * last ones of the log, where the join asked for a `tail`, come after it.
 */
export interface Sync {
  type: 'sync';
  groupId: string;
  epoch: string;
  seq: number;
  outcome: 'live' | 'recovered' | 'reset';
  reason?: string | undefined;
  replayed: number;
}

/** Messages `from` to `to` will not come. `consumer`: the reader of `updates()` was too slow. */
export interface Gap {
  type: 'gap';
  groupId: string;
  from: number;
  to: number;
  reason: string;
}

/** What `load` brought; the messages after it follow. */
export interface Loaded {
  type: 'state';
  state: unknown;
  reason: LoadReason;
}

/** What {@link Group.updates} gives. */
export type Update<Data = unknown> = Message<Data> | Sync | Gap | Loaded;

/** How {@link Group.updates} reads. */
export interface UpdatesOptions {
  /** How many updates may wait for a slow reader; then the oldest messages become one `gap`. Default 1,024. */
  bufferMax?: number | undefined;
  /** Ends the iteration. */
  signal?: AbortSignal | undefined;
}

/** A member of a group, with its state typed. */
export interface Member<State = unknown> extends GroupMember {
  state?: State | undefined;
}

/** Who is in a group. Immutable: another object when it changes. */
export interface Roster<State = unknown> {
  /** By member id. One that has dropped and may come back is in it with `connected: false`. */
  readonly list: ReadonlyMap<string, Member<State>>;
  /** Also where they are too many to be listed. */
  readonly count: number;
  readonly status: PresenceStatus;
  /** `false`: the gateway does not list them, or has not yet. */
  readonly complete: boolean;
  /** Not connected, so it may be old. */
  readonly stale: boolean;
}

/** How a roster has changed. */
export interface RosterChange<State = unknown> {
  joins: readonly Member<State>[];
  updates: readonly Member<State>[];
  leaves: readonly Member<State>[];
  roster: Roster<State>;
}

/** How a message is published. */
export interface PublishOptions {
  /** Idempotency key. Default: 128 random bits. */
  id?: string | undefined;
  /** `latest` needs a `key`. Default `reliable`. */
  delivery?: 'reliable' | 'latest' | undefined;
  /** Of what this is the latest. */
  key?: string | undefined;
  /** The session inside the group. */
  sessionId?: string | undefined;
  /** What the session is about. */
  meta?: SessionMeta | undefined;
  traceId?: string | undefined;
  /** Where in a trace it is published, as W3C Trace Context has it. The gateway ignores one that is none. */
  traceparent?: string | undefined;
  /** Until it is settled, waiting included, in milliseconds. Default 30,000. */
  timeoutMs?: number | undefined;
  /** Takes it back where it is not sent yet (`ABORTED`); sent already, it is `OUTCOME_UNKNOWN`. */
  signal?: AbortSignal | undefined;
  /** `queue`, or `reject` with `NOT_CONNECTED` where the client is not online. Default `queue`. */
  whenOffline?: 'queue' | 'reject' | undefined;
  /** Where it cannot be known whether it was accepted: `reject` with `OUTCOME_UNKNOWN`, or `resend`, and then others may see it twice. Default `reject`. */
  whenUnknown?: 'reject' | 'resend' | undefined;
}

/** A published message's place in the log. It says nothing of who has received it. */
export interface Ack {
  id: string;
  epoch: string;
  seq: number;
  /** It had been accepted before, at this place. */
  duplicate: boolean;
}
