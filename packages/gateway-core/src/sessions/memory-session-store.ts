import type { SessionMeta } from 'gateway-protocol';
import { type Clock, systemClock } from '../clock.js';
import { bytesOfText } from '../text-bytes.js';
import type { Session, SessionStore, SessionUpsert } from './session-store.js';

/** What a session takes beside its texts: its record with three numbers, and its place in a map that has just doubled. */
const SESSION_BYTES = 280;
/** What a group takes beside its id: a map, and its place in one. */
const GROUP_BYTES = 400;

interface Entry {
  /** `meta` as JSON text: one piece of memory instead of one for each tag, and nobody else's to change. */
  metaText: string;
  openedAt: number;
  updatedAt: number;
  /** Monotonic milliseconds. */
  endsAt: number;
  bytes: number;
}

/** Options of a {@link MemorySessionStore}; everything has a default. */
export interface MemorySessionStoreOptions {
  /** Default: the machine's time. */
  clock?: Clock | undefined;
  /** Most memory of the sessions of all groups, in bytes, those whose end nobody was told of yet included. Default 64 MiB. */
  sessionBytesTotalMax?: number | undefined;
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
  #replaced: { session: Session; bytes: number }[] = [];
  #bytes = 0;
  readonly #clock: Clock;
  readonly #bytesMax: number;

  constructor(options: MemorySessionStoreOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#bytesMax = options.sessionBytesTotalMax ?? 64 * 1024 * 1024;
  }

  upsert(upsert: SessionUpsert): { session: Session; created: boolean } | undefined {
    const { groupId, sessionId, meta, ttlMs, sessionsMax } = upsert;
    const known = this.#live(groupId, sessionId);
    if (known === undefined && sessionsMax > 0 && this.#isFull(groupId, sessionsMax)) return undefined;
    const metaText = JSON.stringify(overlaid(known === undefined ? {} : JSON.parse(known.metaText), meta));
    const bytes = SESSION_BYTES + bytesOfText(sessionId) + bytesOfText(metaText);
    const group = this.#groups.get(groupId);
    const more = bytes - (known?.bytes ?? 0) + (group === undefined ? GROUP_BYTES + bytesOfText(groupId) : 0);
    if (more > 0 && this.#bytes + more > this.#bytesMax) return undefined;
    this.#bytes += more;
    const now = this.#clock.now();
    const entry = { metaText, openedAt: known?.openedAt ?? now, updatedAt: now, endsAt: this.#endOf(ttlMs), bytes };
    if (known === undefined) this.#add(groupId, sessionId, entry);
    else Object.assign(known, entry);
    return { session: sessionOf(groupId, sessionId, entry), created: known === undefined };
  }

  touch(groupId: string, sessionId: string, ttlMs: number): boolean {
    const entry = this.#live(groupId, sessionId);
    if (entry === undefined) return false;
    entry.endsAt = this.#endOf(ttlMs);
    return true;
  }

  list(groupId: string): Session[] {
    const now = this.#clock.monotonicMs();
    return [...(this.#groups.get(groupId) ?? [])]
      .filter(([, { endsAt }]) => endsAt > now)
      .map(([sessionId, entry]) => sessionOf(groupId, sessionId, entry));
  }

  expire(): Session[] {
    const now = this.#clock.monotonicMs();
    const expired = this.#replaced.map(({ session }) => session);
    for (const { bytes } of this.#replaced) this.#bytes -= bytes;
    this.#replaced = [];
    for (const [groupId, sessions] of this.#groups) {
      for (const [sessionId, entry] of sessions) {
        if (entry.endsAt > now) continue;
        sessions.delete(sessionId);
        this.#bytes -= entry.bytes;
        expired.push(sessionOf(groupId, sessionId, entry));
      }
      if (sessions.size > 0) continue;
      this.#groups.delete(groupId);
      this.#bytes -= GROUP_BYTES + bytesOfText(groupId);
    }
    return expired;
  }

  #add(groupId: string, sessionId: string, entry: Entry): void {
    const group = this.#groups.get(groupId) ?? new Map<string, Entry>();
    this.#groups.set(groupId, group);
    const dead = group.get(sessionId);
    if (dead !== undefined) {
      this.#replaced.push({ session: sessionOf(groupId, sessionId, dead), bytes: dead.bytes });
      // Or the new one would take the old one's place in the order.
      group.delete(sessionId);
    }
    group.set(sessionId, entry);
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

  #endOf(ttlMs: number): number {
    return this.#clock.monotonicMs() + ttlMs;
  }
}

/** `meta` over `known`. A field that is `undefined` is not named. */
function overlaid(known: SessionMeta, { label = known.label, createdBy = known.createdBy, tags = known.tags }: SessionMeta) {
  return { label, createdBy, tags };
}

function sessionOf(groupId: string, sessionId: string, { metaText, openedAt, updatedAt }: Entry): Session {
  return { groupId, sessionId, meta: JSON.parse(metaText), openedAt, updatedAt };
}
