import type { LedgerEntry } from 'gateway-core';
import type { GoesOn } from './parts/backend.js';
import type { Act, Plan } from './plan.js';

/** A JSON object that went over a wire. */
export interface WireMessage {
  type: string;
  groupId?: string | undefined;
  id?: string | undefined;
  seq?: number | undefined;
  from?: string | undefined;
  delivery?: string | undefined;
  key?: string | undefined;
  payload?: Record<string, unknown> | undefined;
}

/** What a user of a group's handle was told. */
export interface Told {
  type: 'message' | 'sync' | 'gap';
  groupId: string;
  epoch?: string | undefined;
  seq?: number | undefined;
  id?: string | undefined;
  outcome?: string | undefined;
  replayed?: number | boolean | undefined;
  from?: number | string | undefined;
  to?: number | undefined;
}

/**
 * What was done and seen from outside the gateways. The checks know nothing else.
 * `connection` names one WebSocket (`ada#3`), `life` one start of a client (`ada.2`).
 */
export type Happening =
  | { kind: 'act'; act: Act }
  | { kind: 'open'; who: string; life: string; connection: string; gateway: string }
  | { kind: 'sent'; who: string; life: string; connection: string; message: WireMessage }
  | { kind: 'received'; who: string; life: string; connection: string; message: WireMessage }
  | { kind: 'closed'; who: string; life: string; connection: string; code: number }
  | {
      kind: 'published';
      who: string;
      life: string;
      id: string;
      groupId: string;
      text: string;
      delivery: string;
      key?: string | undefined;
      /** Others may see it twice: its sender has asked for that rather than not to know. */
      resends?: boolean | undefined;
    }
  | { kind: 'accepted'; who: string; life: string; id: string; epoch: string; seq: number; duplicate: boolean }
  | { kind: 'refused'; who: string; life: string; id: string; code: string }
  | { kind: 'told'; who: string; life: string; handle: string; told: Told }
  | { kind: 'roster'; who: string; life: string; groupId: string; joins: string[]; leaves: string[] }
  /** `count`: how many the gateways say that there were. */
  | { kind: 'revoked'; memberId: string; count: number }
  | { kind: 'failed'; where: string; error: string }
  | { kind: 'found'; check: string; text: string };

/** A happening and its moment. */
export type HistoryEntry = Happening & { atMs: number };

/** How a client stood at the end. */
export interface FinalUser {
  who: string;
  life: string;
  state: string;
  memberId: string | undefined;
  /** What its plan wants: it is to be online. */
  expected: boolean;
  groups: {
    groupId: string;
    state: string;
    error: string | undefined;
    position: { epoch: string; seq: number } | undefined;
    members: { memberId: string; connected: boolean; state?: unknown }[];
    complete: boolean;
    /** What it last said of itself there, since it joined. */
    said: { state: unknown } | undefined;
  }[];
}

/** How a gateway stood at the end. */
export interface FinalGateway {
  name: string;
  ledger: (LedgerEntry & { groupId: string })[];
  sessions: number;
  logBytes: number;
  droppedMembers: number;
  /** The most that it has had at any time. */
  droppedMembersMost: number;
  /** Its limits. Default: those of the plan. */
  limits?: Plan['limits'] | undefined;
}

/** Everything that the checks are given. */
export interface History {
  entries: readonly HistoryEntry[];
  users: readonly FinalUser[];
  gateways: readonly FinalGateway[];
  /** What was left after everything was closed: timers and connections, by whose they are. */
  leftovers: readonly { who: string; what: string; count: number }[];
  /** Which epochs are of one log. Default: each is of its own. */
  goesOn?: GoesOn | undefined;
  /** The gateways have the built-in hooks, so it is known what they answer. Default: others. */
  takesEverybody?: boolean | undefined;
}

/** A promise that was broken. */
export interface Violation {
  /** Name of the check. */
  check: string;
  /** When it was seen, in virtual milliseconds. */
  atMs: number;
  text: string;
}
