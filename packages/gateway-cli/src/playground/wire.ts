import type { DeliveryMode } from 'gateway-protocol';

/** Counters and sizes, as `gateway.stats()` has them. */
export type Stats = Record<string, number>;

/** One connection, as a viewer is shown it. Long texts are cut. */
export interface ConnectionRow {
  id: string;
  state: string;
  memberId?: string | undefined;
  role?: string | undefined;
  principal?: string | undefined;
  /** JSON text. */
  metadata?: string | undefined;
  /** The first of them. */
  groups: string[];
  groupCount: number;
  address: string;
  dialect: string;
  /** Messages to the head, in that of its groups in which they are most. */
  lag: number;
  unsentBytes: number;
  /** Unix milliseconds. */
  createdAt: number;
  lastSeenAt: number;
}

/** One group that the gateway holds. */
export interface GroupRow {
  id: string;
  epoch: string;
  seq: number;
  connections: number;
  logMessages: number;
  logBytes: number;
}

/** A member of the group that is looked at. */
export interface MemberRow {
  id: string;
  role: string;
  state: 'connected' | 'dropped';
  /** JSON texts. */
  metadata?: string | undefined;
  presenceState?: string | undefined;
  /** Its books, where it is on this gateway: `published = written + latest + volatile + lost + pending`. */
  ledger?: { published: number; written: number; latest: number; volatile: number; lost: number; pending: number } | undefined;
}

/** A session of the group that is looked at. */
export interface SessionRow {
  id: string;
  /** JSON text. */
  meta: string;
  openedAt: number;
  updatedAt: number;
}

/** What is known of the group that a viewer looks at. */
export interface GroupDetail {
  groupId: string;
  members: MemberRow[];
  /** There are more of them than are shown. */
  membersCut: boolean;
  sessions: SessionRow[];
  sessionsCut: boolean;
}

/** A limit or a timing in force. */
export interface SettingRow {
  name: string;
  flag: string;
  value: number;
  fallback: number;
  meaning: string;
}

/** A message that came into a group's log. */
export interface MessageEvent {
  type: 'message';
  /** Counts the events of the feed. */
  n: number;
  /** Unix milliseconds. */
  at: number;
  groupId: string;
  epoch: string;
  seq: number;
  from?: string | undefined;
  id?: string | undefined;
  delivery?: DeliveryMode | undefined;
  key?: string | undefined;
  sessionId?: string | undefined;
  /** Of the whole envelope, in characters. */
  size: number;
  /** JSON text of its data. */
  data: string;
  /** There is more of it. */
  cut: boolean;
}

/** Something else that happened. */
export interface LifeEvent {
  type:
    | 'connection'
    | 'identify'
    | 'join'
    | 'leave'
    | 'detached'
    | 'resumed'
    | 'expired'
    | 'moved'
    | 'gap'
    | 'reset'
    | 'refused'
    | 'disconnect'
    | 'session'
    | 'error';
  n: number;
  at: number;
  connectionId?: string | undefined;
  memberId?: string | undefined;
  groupId?: string | undefined;
  /** Close code, or code of an error. */
  code?: string | undefined;
  /** In words. */
  text?: string | undefined;
}

export type FeedEvent = MessageEvent | LifeEvent;

/** How often connections were closed, or messages refused, with a code since somebody looks. */
export interface CodeRow {
  kind: 'close' | 'error';
  code: string;
  times: number;
  /** What it means (PROTOCOL.md). */
  words: string;
  /** Of a close: what a client does then. */
  action?: string | undefined;
}

/** The event `change` of the feed: what differs from what was said before. */
export interface Change {
  /** Unix milliseconds. */
  at: number;
  stats: Stats;
  draining: boolean;
  connections: { set: ConnectionRow[]; gone: string[] };
  groups: { set: GroupRow[]; gone: string[] };
  codes: CodeRow[];
  detail?: GroupDetail | undefined;
}

/** The event `snapshot` of the feed: everything, also in the middle where a viewer could not be told of a change. */
export interface Snapshot extends Change {
  path: string;
  readOnly: boolean;
  /** When the gateway began, in Unix milliseconds. */
  startedAt: number;
  settings: SettingRow[];
  /** The last ones before. */
  events: FeedEvent[];
}

/** The event `events` of the feed. */
export interface Events {
  events: FeedEvent[];
  /** So many more there were that this viewer was not sent. */
  left: number;
}

/** What became of a message for a member, see `Gateway.explain`. */
export interface FateRow {
  memberId: string;
  fate: string;
  text: string;
}
