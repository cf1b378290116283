import type { SessionMeta } from 'gateway-protocol';
import type { Emitter } from '../emitter.js';
import type { GatewayEvents } from '../events.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import { OpenedSessions, type OpenedSessionsOptions } from './opened-sessions.js';
import type { Session, SessionStore } from './session-store.js';

/** Keeps the session store and tells of what becomes of sessions. */
export class SessionKeeper {
  readonly #opened: OpenedSessions;

  constructor(
    private readonly store: SessionStore,
    private readonly events: Emitter<GatewayEvents>,
    private readonly options: { sessionsMax: number } & OpenedSessionsOptions,
  ) {
    this.#opened = new OpenedSessions(options);
  }

  /**
   * A message of the group names the session: creates or updates it where there is `meta`, else keeps it alive. `false`: too many
   * sessions, in the group, in the store, or opened by `owner`, the connection that the message came from.
   */
  named(groupId: string, sessionId: string, meta: SessionMeta | undefined, owner?: object): MaybePromise<boolean> {
    const isOpened = this.#opened.named(groupId, sessionId);
    if (meta === undefined) {
      const touched = this.store.touch(groupId, sessionId, this.options.ttlMs);
      return isPromise(touched) ? touched.then(() => true) : true;
    }
    if (owner === undefined || isOpened || this.#opened.hasRoom(owner)) return this.#upsert(groupId, sessionId, meta, owner);
    // It may open no more, but may update what others have opened.
    const exists = this.store.touch(groupId, sessionId, this.options.ttlMs);
    if (isPromise(exists)) return exists.then((yes) => yes && this.#upsert(groupId, sessionId, meta, owner));
    return exists && this.#upsert(groupId, sessionId, meta, owner);
  }

  list(groupId: string): MaybePromise<Session[]> {
    return this.store.list(groupId);
  }

  /** The one way in which sessions end. */
  async sweep(): Promise<void> {
    this.#opened.sweep();
    for (const session of await this.store.expire()) this.events.emit('sessionExpired', { session });
  }

  #upsert(groupId: string, sessionId: string, meta: SessionMeta, owner: object | undefined): MaybePromise<boolean> {
    const { ttlMs, sessionsMax } = this.options;
    const answer = this.store.upsert({ groupId, sessionId, meta, ttlMs, sessionsMax });
    return isPromise(answer) ? answer.then((known) => this.#upserted(known, owner)) : this.#upserted(answer, owner);
  }

  #upserted(answer: { session: Session; created: boolean } | undefined, owner: object | undefined): boolean {
    if (answer === undefined) return false;
    const { session, created } = answer;
    if (created && owner !== undefined) this.#opened.add(session.groupId, session.sessionId, owner);
    this.events.emit(created ? 'sessionOpened' : 'sessionUpdated', { session });
    return true;
  }
}
