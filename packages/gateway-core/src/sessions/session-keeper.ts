import type { SessionMeta } from 'gateway-protocol';
import type { Emitter } from '../emitter.js';
import type { GatewayEvents } from '../events.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { Session, SessionStore } from './session-store.js';

/** Keeps the session store and tells of what becomes of sessions. */
export class SessionKeeper {
  constructor(
    private readonly store: SessionStore,
    private readonly events: Emitter<GatewayEvents>,
    private readonly options: { ttlMs: number; sessionsMax: number },
  ) {}

  /** A message of the group names the session: creates or updates it where there is `meta`, else keeps it alive. `false`: too many sessions. */
  named(groupId: string, sessionId: string, meta: SessionMeta | undefined): MaybePromise<boolean> {
    const { ttlMs, sessionsMax } = this.options;
    if (meta === undefined) {
      const touched = this.store.touch(groupId, sessionId, ttlMs);
      return isPromise(touched) ? touched.then(() => true) : true;
    }
    const answer = this.store.upsert({ groupId, sessionId, meta, ttlMs, sessionsMax });
    return isPromise(answer) ? answer.then((known) => this.#upserted(known)) : this.#upserted(answer);
  }

  list(groupId: string): MaybePromise<Session[]> {
    return this.store.list(groupId);
  }

  /** The one way in which sessions end. */
  async sweep(): Promise<void> {
    for (const session of await this.store.expire()) this.events.emit('sessionExpired', { session });
  }

  #upserted(answer: { session: Session; created: boolean } | undefined): boolean {
    if (answer === undefined) return false;
    this.events.emit(answer.created ? 'sessionOpened' : 'sessionUpdated', { session: answer.session });
    return true;
  }
}
