import type { SessionMeta } from 'gateway-protocol';
import type { Emitter } from '../emitter.js';
import type { GatewayEvents } from '../events.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import { OpenedSessions, type OpenedSessionsOptions } from './opened-sessions.js';
import type { Session, SessionStore } from './session-store.js';

/** Sessions whose end is asked for in one go. */
const ENDS_AT_ONCE = 64;
/** What the end of a session costs, a write to a socket being one. */
const END_UNITS = 1 / 2;

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

  /** The one way in which sessions end. Yields what it cost, a write to a socket being one. */
  *sweep(failed: (error: unknown) => void): Generator<number, void> {
    yield* this.#opened.sweep();
    try {
      for (let hasMore = true; hasMore; ) {
        const ended = this.store.expire(ENDS_AT_ONCE);
        if (isPromise(ended)) {
          this.#endLater(ended).catch(failed);
          return;
        }
        hasMore = this.#end(ended);
        yield ended.length * END_UNITS;
      }
    } catch (error) {
      failed(error);
    }
  }

  async #endLater(answer: Promise<Session[]>): Promise<void> {
    let ended = await answer;
    while (this.#end(ended)) ended = await this.store.expire(ENDS_AT_ONCE);
  }

  /** Tells of ended sessions in the same step in which the store gave them up, or one that is opened anew could be told of first. */
  #end(ended: Session[]): boolean {
    for (const session of ended) this.events.emit('sessionExpired', { session });
    return ended.length >= ENDS_AT_ONCE;
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
