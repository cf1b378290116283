import { bytesOfText } from '../text-bytes.js';

export interface OpenedSessionsOptions {
  /** How long a session lives after it was named, in milliseconds. */
  ttlMs: number;
  /** Most sessions that one owner has opened and that are alive. */
  sessionsPerOwnerMax: number;
  /** Most memory of what is remembered here, in bytes. */
  bytesMax: number;
  /** Monotonic milliseconds. */
  now: () => number;
}

/** What one that is remembered takes beside its key: its record, and its place in a map that has just doubled. */
const OPENED_BYTES = 250;
/** What it costs to forget one, a write to a socket being one. */
const FORGET_UNITS = 1 / 32;

interface Opened {
  /** Not the owner itself, which may be gone long before its sessions are. */
  readonly count: { sessions: number };
  readonly bytes: number;
  /** Monotonic milliseconds. */
  endsAt: number;
}

/** Who has opened how many sessions here that are still named here. What other gateways name is not counted. */
export class OpenedSessions {
  /** The one named longest ago first. */
  readonly #sessions = new Map<string, Opened>();
  readonly #counts = new WeakMap<object, Opened['count']>();
  #bytes = 0;

  constructor(private readonly options: OpenedSessionsOptions) {}

  hasRoom(owner: object): boolean {
    const { sessionsPerOwnerMax, bytesMax } = this.options;
    return (this.#counts.get(owner)?.sessions ?? 0) < sessionsPerOwnerMax && this.#bytes < bytesMax;
  }

  add(groupId: string, sessionId: string, owner: object): void {
    if (this.options.sessionsPerOwnerMax === Number.POSITIVE_INFINITY) return;
    const key = keyOf(groupId, sessionId);
    this.#delete(key);
    const count = this.#counts.get(owner) ?? { sessions: 0 };
    this.#counts.set(owner, count);
    count.sessions += 1;
    const bytes = OPENED_BYTES + bytesOfText(key);
    this.#bytes += bytes;
    this.#sessions.set(key, { count, bytes, endsAt: this.options.now() + this.options.ttlMs });
  }

  /** Whether it was opened here; it then goes on for its `ttlMs` from now. */
  named(groupId: string, sessionId: string): boolean {
    if (this.#sessions.size === 0) return false;
    const key = keyOf(groupId, sessionId);
    const opened = this.#sessions.get(key);
    const now = this.options.now();
    if (opened === undefined || opened.endsAt <= now) return false;
    opened.endsAt = now + this.options.ttlMs;
    this.#sessions.delete(key);
    this.#sessions.set(key, opened);
    return true;
  }

  /** Forgets those that nobody has named for `ttlMs`. Yields what each cost, a write to a socket being one. */
  *sweep(): Generator<number, void> {
    const now = this.options.now();
    for (const [key, { endsAt }] of this.#sessions) {
      if (endsAt > now) return;
      this.#delete(key);
      yield FORGET_UNITS;
    }
  }

  #delete(key: string): void {
    const opened = this.#sessions.get(key);
    if (opened === undefined) return;
    opened.count.sessions -= 1;
    this.#bytes -= opened.bytes;
    this.#sessions.delete(key);
  }
}

/** No two pairs of ids have one key. */
function keyOf(groupId: string, sessionId: string): string {
  return `${groupId.length} ${groupId}${sessionId}`;
}
