import type { SessionMeta } from 'gateway-protocol';
import type { MaybePromise } from '../maybe-promise.js';

/** A collaborative session (a call, a live document) inside a group; never a connection. */
export interface Session {
  groupId: string;
  sessionId: string;
  meta: SessionMeta;
  /** Unix milliseconds. */
  openedAt: number;
  /** When `meta` last changed, in Unix milliseconds. */
  updatedAt: number;
}

/** A session to create or to update. */
export interface SessionUpsert {
  groupId: string;
  sessionId: string;
  /** Laid over what is known: fields that it does not name stay. */
  meta: SessionMeta;
  /** How long the session lives from now unless it is touched or updated, in milliseconds. */
  ttlMs: number;
  /** Most live sessions of the group; 0: no bound. */
  sessionsMax: number;
}

/**
 * The live sessions of all groups, over all gateways that share the store. `sessionStoreContract` of `gateway-core/testing` holds an
 * implementation to this.
 */
export interface SessionStore {
  /**
   * Creates or updates a session. `undefined`: the group has `sessionsMax` sessions and this would be one more, or the store has no room
   * for what it would become; nothing has changed then. How much a store holds in all is for itself to bound: the gateway's
   * `limits.sessionBytesTotalMax` is that of the store that it makes.
   */
  upsert(session: SessionUpsert): MaybePromise<{ session: Session; created: boolean } | undefined>;
  /** Lets a live session live for `ttlMs` from now. `false`: there is no such session, and none is made. */
  touch(groupId: string, sessionId: string, ttlMs: number): MaybePromise<boolean>;
  /** The group's live sessions, oldest first. One whose time is over is not among them, expired or not. */
  list(groupId: string): MaybePromise<Session[]>;
  /**
   * Removes the sessions whose time is over and returns them: each is returned once, to one caller. Where `countMax` is given, those may be
   * so many at most, so that nobody waits long; the next call goes on. A store may return all of them all the same.
   */
  expire(countMax?: number): MaybePromise<Session[]>;
  /** Frees what the store holds open. Called by whoever made the store, after the gateways that use it have closed. */
  close?(): MaybePromise<void>;
}
