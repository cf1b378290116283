import type { SessionMeta } from 'gateway-protocol';
import { type Clock, systemClock } from '../clock.js';
import { bytesOfText } from '../text-bytes.js';
import { Ending, EndOrder } from './end-order.js';
import type { Session, SessionStore, SessionUpsert } from './session-store.js';

/** What a session takes beside its texts: its record with three numbers, and its place in a map that has just doubled. */
const SESSION_BYTES = 280;
/** What a group takes beside its id: a map, and its place in one. */
const GROUP_BYTES = 400;

interface Group {
  readonly groupId: string;
  readonly sessions: Map<string, Entry>;
}

class Entry extends Ending {
  updatedAt: number;

  /** @param metaText `meta` as JSON text: one piece of memory instead of one for each tag, and nobody else's to change. */
  constructor(
    readonly group: Group,
    readonly sessionId: string,
    public metaText: string,
    readonly openedAt: number,
    public bytes: number,
  ) {
    super();
    this.updatedAt = openedAt;
  }
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
  readonly #groups = new Map<string, Group>();
  /** Also those that came to life again after their time: the earlier lives, which are in no group any more. */
  readonly #ends = new EndOrder<Entry>();
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
    const entry = known ?? this.#add(group ?? this.#addGroup(groupId), sessionId, metaText, now, bytes);
    entry.metaText = metaText;
    entry.updatedAt = now;
    entry.bytes = bytes;
    this.#ends.put(entry, ttlMs, this.#clock.monotonicMs());
    return { session: sessionOf(entry), created: known === undefined };
  }

  touch(groupId: string, sessionId: string, ttlMs: number): boolean {
    const entry = this.#live(groupId, sessionId);
    if (entry === undefined) return false;
    this.#ends.put(entry, ttlMs, this.#clock.monotonicMs());
    return true;
  }

  list(groupId: string): Session[] {
    const now = this.#clock.monotonicMs();
    return [...(this.#groups.get(groupId)?.sessions.values() ?? [])].filter(({ endsAt }) => endsAt > now).map(sessionOf);
  }

  expire(countMax: number = Number.POSITIVE_INFINITY): Session[] {
    const expired: Session[] = [];
    if (countMax <= 0) return expired;
    for (const entry of this.#ends.due(this.#clock.monotonicMs())) {
      this.#remove(entry);
      expired.push(sessionOf(entry));
      if (expired.length >= countMax) break;
    }
    return expired;
  }

  #addGroup(groupId: string): Group {
    const group = { groupId, sessions: new Map<string, Entry>() };
    this.#groups.set(groupId, group);
    return group;
  }

  #add(group: Group, sessionId: string, metaText: string, openedAt: number, bytes: number): Entry {
    const entry = new Entry(group, sessionId, metaText, openedAt, bytes);
    // One that is dead first goes: or the new one would take its place in the order.
    group.sessions.delete(sessionId);
    group.sessions.set(sessionId, entry);
    return entry;
  }

  #remove(entry: Entry): void {
    const { group, sessionId, bytes } = entry;
    this.#bytes -= bytes;
    if (group.sessions.get(sessionId) !== entry) return;
    group.sessions.delete(sessionId);
    if (group.sessions.size > 0) return;
    this.#groups.delete(group.groupId);
    this.#bytes -= GROUP_BYTES + bytesOfText(group.groupId);
  }

  /** Only where there might be too many are the live ones counted: a client can ask for this with every message. */
  #isFull(groupId: string, sessionsMax: number): boolean {
    const sessions = this.#groups.get(groupId)?.sessions;
    if (sessions === undefined || sessions.size < sessionsMax) return false;
    const now = this.#clock.monotonicMs();
    let live = 0;
    for (const { endsAt } of sessions.values()) if (endsAt > now) live += 1;
    return live >= sessionsMax;
  }

  #live(groupId: string, sessionId: string): Entry | undefined {
    const entry = this.#groups.get(groupId)?.sessions.get(sessionId);
    return entry !== undefined && entry.endsAt > this.#clock.monotonicMs() ? entry : undefined;
  }
}

/** `meta` over `known`. A field that is `undefined` is not named. */
function overlaid(known: SessionMeta, { label = known.label, createdBy = known.createdBy, tags = known.tags }: SessionMeta) {
  return { label, createdBy, tags };
}

function sessionOf({ group: { groupId }, sessionId, metaText, openedAt, updatedAt }: Entry): Session {
  return { groupId, sessionId, meta: JSON.parse(metaText), openedAt, updatedAt };
}
