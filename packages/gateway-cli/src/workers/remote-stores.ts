import type {
  GroupPresence,
  MemberStore,
  PresenceMember,
  PresenceStore,
  Session,
  SessionStore,
  SessionUpsert,
  StoredMember,
  Takeover,
} from 'gateway-core';
import type { PrimaryLink } from './primary-link.js';

/** The primary's presence store, as a worker has it. */
export class RemotePresenceStore implements PresenceStore {
  readonly #watchers = new Set<(groupId: string) => void>();
  #isWatching = false;

  constructor(private readonly link: PrimaryLink) {}

  enter(groupId: string, member: PresenceMember): Promise<void> {
    return this.link.call('presence.enter', [groupId, member]);
  }

  leave(groupId: string, memberId: string, generation?: number): Promise<void> {
    return this.link.call('presence.leave', [groupId, memberId, generation]);
  }

  info(groupId: string): Promise<GroupPresence> {
    return this.link.call('presence.info', [groupId]);
  }

  list(groupId: string): Promise<PresenceMember[]> {
    return this.link.call('presence.list', [groupId]);
  }

  touch(nodeId: string, ttlMs: number): Promise<'alive' | 'lapsed'> {
    return this.link.call('presence.touch', [nodeId, ttlMs]);
  }

  watch(listener: (groupId: string) => void): () => void {
    if (!this.#isWatching) this.link.tell('presence.watch');
    this.#isWatching = true;
    // A wrapper of its own for each call, so that one listener given twice is ended one by one.
    const entry = (groupId: string) => listener(groupId);
    this.#watchers.add(entry);
    return () => this.#watchers.delete(entry);
  }

  changed(groupIds: readonly string[]): void {
    for (const groupId of groupIds) for (const watcher of this.#watchers) watcher(groupId);
  }
}

/** The primary's session store, as a worker has it. */
export class RemoteSessionStore implements SessionStore {
  constructor(private readonly link: PrimaryLink) {}

  upsert(session: SessionUpsert): Promise<{ session: Session; created: boolean } | undefined> {
    return this.link.call('sessions.upsert', [session]);
  }

  touch(groupId: string, sessionId: string, ttlMs: number): Promise<boolean> {
    return this.link.call('sessions.touch', [groupId, sessionId, ttlMs]);
  }

  list(groupId: string): Promise<Session[]> {
    return this.link.call('sessions.list', [groupId]);
  }

  expire(countMax?: number): Promise<Session[]> {
    return this.link.call('sessions.expire', [countMax]);
  }
}

/** The primary's member store, as a worker has it. */
export class RemoteMemberStore implements MemberStore {
  readonly #listeners = new Map<string, Set<(memberId: string, generation: number) => void>>();

  constructor(private readonly link: PrimaryLink) {}

  put(member: StoredMember): Promise<boolean> {
    return this.link.call('members.put', [member]);
  }

  find(memberId: string, tokenHash: string, holdMs: number): Promise<StoredMember | undefined> {
    return this.link.call('members.find', [memberId, tokenHash, holdMs]);
  }

  takeOver(memberId: string, tokenHash: string, by: Takeover): Promise<StoredMember | undefined> {
    return this.link.call('members.takeOver', [memberId, tokenHash, by]);
  }

  end(memberId: string, generation: number): Promise<boolean> {
    return this.link.call('members.end', [memberId, generation]);
  }

  expire(memberId: string, generation: number): Promise<'expired' | 'open' | 'replaced'> {
    return this.link.call('members.expire', [memberId, generation]);
  }

  touch(nodeId: string, ttlMs: number): Promise<'alive' | 'lapsed'> {
    return this.link.call('members.touch', [nodeId, ttlMs]);
  }

  onReplaced(nodeId: string, listener: (memberId: string, generation: number) => void): () => void {
    const listeners = this.#listeners.get(nodeId) ?? new Set();
    if (listeners.size === 0) this.link.tell('members.watch', [nodeId]);
    this.#listeners.set(nodeId, listeners);
    const entry = (memberId: string, generation: number) => listener(memberId, generation);
    listeners.add(entry);
    return () => {
      if (!listeners.delete(entry) || listeners.size > 0) return;
      this.#listeners.delete(nodeId);
      this.link.tell('members.unwatch', [nodeId]);
    };
  }

  replaced(nodeId: string, memberId: string, generation: number): void {
    for (const listener of [...(this.#listeners.get(nodeId) ?? [])]) listener(memberId, generation);
  }
}
