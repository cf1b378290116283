import type { IncomingFromClient } from 'gateway-protocol';
import type { Accepted, Refusal } from '../answers.js';
import type { Clock } from '../clock.js';
import type { Connection } from '../connection.js';
import type { Emitter } from '../emitter.js';
import type { GatewayEvents } from '../events.js';
import type { Groups } from '../groups/groups.js';
import type { PresenceAnnouncer } from '../groups/presence-announcer.js';
import type { Authenticate, Authorize } from '../hooks.js';
import type { Limits } from '../limits.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { Members } from '../members/members.js';
import type { Resumes } from '../members/resumes.js';
import type { PartTimeouts } from '../part-timeouts.js';
import type { PresenceStore } from '../presence/presence-store.js';
import type { SessionKeeper } from '../sessions/session-keeper.js';
import type { Timings } from '../timings.js';
import type { MessageSpan, Tracer } from '../tracer.js';

/** What handlers work with. */
export interface HandlerContext {
  readonly clock: Clock;
  readonly timings: Timings;
  readonly limits: Limits;
  /** The time limit of each part that is asked. */
  readonly timeouts: PartTimeouts;
  readonly groups: Groups;
  readonly members: Members;
  readonly resumes: Resumes;
  readonly presence: PresenceStore;
  readonly announcer: PresenceAnnouncer;
  readonly sessions: SessionKeeper;
  readonly events: Emitter<GatewayEvents>;
  readonly authenticate: Authenticate | undefined;
  readonly authorize: Authorize | undefined;
  readonly tracer: Tracer | undefined;
  /** Messages of members that can be resumed have a fence. */
  readonly fencesMembers: boolean;
  readonly generateId: () => string;
  /** Ends a connection whose member another one speaks for. */
  readonly replaced: (connection: Connection) => void;
  /** Tells a client of dialect 2 what was refused beside its message as a whole. */
  readonly refuse: (connection: Connection, refusal: Refusal) => void;
  readonly failed: (error: unknown, where: string, about: { connectionId: string }) => void;
}

/** JSON texts that `decode` found in a message. */
export interface MessageTexts {
  /** Of a `data_update`'s `data`. */
  dataText?: string | undefined;
  /** Of an `identify`'s `metadata`. */
  metadataText?: string | undefined;
  /** Of a `presence`'s `state`. */
  stateText?: string | undefined;
}

/** A message that has its place with whoever decides on it: the connection's next ones go on, and are answered after it. */
export interface UnderWay {
  readonly later: Promise<Accepted | Refusal>;
  /** Characters that are held in memory until then. */
  readonly length: number;
}

/**
 * Does what one signal asks for. While a promise is pending the connection's next messages wait in order; what it answers is a refusal,
 * or nothing where the signal was accepted; in dialect 2, what an `ack` says; or that it is under way. A throw or a rejection is answered
 * `INTERNAL`.
 */
export type Handler<Type extends IncomingFromClient['type']> = (
  context: HandlerContext,
  connection: Connection,
  message: Extract<IncomingFromClient, { type: Type }>,
  texts: MessageTexts,
  /** Where it is recorded. */
  span?: MessageSpan,
) => MaybePromise<Refusal | Accepted | UnderWay | undefined>;
