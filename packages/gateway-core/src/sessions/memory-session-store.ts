import type { SessionMeta } from 'gateway-protocol';
import { type Clock, systemClock } from '../clock.js';
import type { Session, SessionStore, SessionUpsert } from './session-store.js';

interface Entry {
  session: Session;
  /** Monotonic milliseconds. */
  endsAt: number;
}

/**
 * Sessions inside one process. Give one to several gateways of a process and they share them.
 * @example
 * const sessions = new MemorySessionStore();
 * const a = createGateway({ sessions }), b = createGateway({ sessions });
 */
export class MemorySessionStore implements SessionStore {
  readonly #groups = new Map<string, Map<string, Entry>>();
  /** Sessions that came to life again after their time and before `expire` was called. */
  #replaced: Session[] = [];
  readonly #clock: Clock;

  constructor(options: { clock?: Clock | undefined } = {}) {
    this.#clock = options.clock ?? systemClock;
  }

  upsert({ groupId, sessionId, meta, ttlMs, sessionsMax }: SessionUpsert): { session: Session; created: boolean } | undefined {
    const now = this.#clock.now();
    const known = this.#live(groupId, sessionId);
    if (known !== undefined) {
      known.session = { ...known.session, meta: overlaid(known.session.meta, meta), updatedAt: now };
      this.#extend(known, ttlMs);
      return { session: copyOf(known.session), created: false };
    }
    const dead = this.#groups.get(groupId)?.get(sessionId);
    if (sessionsMax > 0 && this.#isFull(groupId, sessionsMax)) return undefined;
    const session: Session = { groupId, sessionId, meta: overlaid({}, meta), openedAt: now, updatedAt: now };
    const group = this.#groups.get(groupId) ?? new Map<string, Entry>();
    this.#groups.set(groupId, group);
    if (dead !== undefined) {
      this.#replaced.push(dead.session);
      // Or the new one would take the old one's place in the order.
      group.delete(sessionId);
    }
    group.set(sessionId, { session, endsAt: this.#clock.monotonicMs() + ttlMs });
    return { session: copyOf(session), created: true };
  }

  touch(groupId: string, sessionId: string, ttlMs: number): boolean {
    const entry = this.#live(groupId, sessionId);
    if (entry === undefined) return false;
    this.#extend(entry, ttlMs);
    return true;
  }

  list(groupId: string): Session[] {
    const now = this.#clock.monotonicMs();
    return [...(this.#groups.get(groupId)?.values() ?? [])]
      .filter(({ endsAt }) => endsAt > now)
      .map(({ session }) => copyOf(session));
  }

  expire(): Session[] {
    const now = this.#clock.monotonicMs();
    const expired = this.#replaced;
    this.#replaced = [];
    for (const [groupId, sessions] of this.#groups) {
      for (const [sessionId, { session, endsAt }] of sessions) {
        if (endsAt > now) continue;
        sessions.delete(sessionId);
        expired.push(session);
      }
      if (sessions.size === 0) this.#groups.delete(groupId);
    }
    return expired;
  }

  /** Only where there might be too many are the live ones counted: a client can ask for this with every message. */
  #isFull(groupId: string, sessionsMax: number): boolean {
    const sessions = this.#groups.get(groupId);
    if (sessions === undefined || sessions.size < sessionsMax) return false;
    const now = this.#clock.monotonicMs();
    let live = 0;
    for (const { endsAt } of sessions.values()) if (endsAt > now) live += 1;
    return live >= sessionsMax;
  }

  #live(groupId: string, sessionId: string): Entry | undefined {
    const entry = this.#groups.get(groupId)?.get(sessionId);
    return entry !== undefined && entry.endsAt > this.#clock.monotonicMs() ? entry : undefined;
  }

  #extend(entry: Entry, ttlMs: number): void {
    entry.endsAt = this.#clock.monotonicMs() + ttlMs;
  }
}

/** `meta` over `known`. A field that is `undefined` is not named. */
function overlaid(known: SessionMeta, meta: SessionMeta): SessionMeta {
  const laid: SessionMeta = { ...known };
  if (meta.label !== undefined) laid.label = meta.label;
  if (meta.createdBy !== undefined) laid.createdBy = meta.createdBy;
  if (meta.tags !== undefined) laid.tags = [...meta.tags];
  return laid;
}

function copyOf(session: Session): Session {
  return { ...session, meta: overlaid({}, session.meta) };
}
