import type { Duplex } from 'node:stream';
import type {
  BrokerMessage,
  Clock,
  PresenceMember,
  PublishedPosition,
  SessionUpsert,
  StoredMember,
  Takeover,
} from 'gateway-core';
import type { Feed, Reader } from './feed.js';
import type { Feeds } from './feeds.js';
import { FRAMES, type Frame, textFrame } from './messages.js';
import type { SharedParts } from './shared-parts.js';
import { type LinkHandlers, WorkerLink } from './worker-link.js';

/** One worker, as the primary serves it. */
export class ServedWorker implements Reader, LinkHandlers {
  readonly #link: WorkerLink;
  readonly #reads = new Set<Feed>();
  readonly #behind = new Set<Feed>();
  /** Groups whose presence has changed and of which it is still to be told: each once. */
  readonly #changed = new Set<string>();
  #isTelling = false;
  #unwatch: (() => void) | undefined;
  readonly #unwatchNodes = new Map<string, () => void>();
  /** Ids that its gateway has in the stores. */
  readonly #presenceNodes = new Set<string>();
  readonly #memberNodes = new Set<string>();

  constructor(
    socket: Duplex,
    private readonly parts: SharedParts,
    private readonly feeds: Feeds,
    private readonly settings: { clock: Clock; resumeTtlMs: number; backlogBytesMax: number },
    private readonly gone: (error: Error | undefined) => void,
  ) {
    this.#link = new WorkerLink(socket, settings.clock, settings.backlogBytesMax, this);
  }

  get isFull(): boolean {
    return this.#link.isFull;
  }

  send(frame: Frame): void {
    this.#link.send(frame);
  }

  close(): void {
    this.#link.close();
  }

  publish(groupId: string, message: BrokerMessage): PublishedPosition {
    return this.parts.broker.publish(groupId, message);
  }

  call(name: string, args: unknown[]): unknown {
    const call = Object.hasOwn(this.#calls, name) ? this.#calls[name] : undefined;
    if (call === undefined) throw new Error(`nobody knows ${name}`);
    return call(...(args as never[]));
  }

  readonly #calls: Record<string, (...args: never[]) => unknown> = {
    'broker.subscribe': (groupId: string) => {
      const feed = this.feeds.of(groupId);
      this.#reads.add(feed);
      return { topic: feed.topic, position: feed.add(this) };
    },
    'broker.unsubscribe': (groupId: string) => {
      const feed = this.feeds.of(groupId);
      if (feed.remove(this)) return;
      this.#reads.delete(feed);
      this.#behind.delete(feed);
      this.feeds.release(feed);
    },
    'broker.history': (...args: Parameters<SharedParts['broker']['history']>) => this.parts.broker.history(...args),
    'presence.enter': (groupId: string, member: PresenceMember) => {
      this.#presenceNodes.add(member.nodeId);
      this.parts.presence.enter(groupId, member);
    },
    'presence.leave': (...args: Parameters<SharedParts['presence']['leave']>) => this.parts.presence.leave(...args),
    'presence.info': (groupId: string) => this.parts.presence.info(groupId),
    'presence.list': (groupId: string) => this.parts.presence.list(groupId),
    'presence.touch': (nodeId: string, ttlMs: number) => {
      this.#presenceNodes.add(nodeId);
      return this.parts.presence.touch(nodeId, ttlMs);
    },
    'presence.watch': () => {
      this.#unwatch ??= this.parts.presence.watch((groupId) => this.#hasChanged(groupId));
    },
    'sessions.upsert': (upsert: SessionUpsert) => this.parts.sessions.upsert(upsert),
    'sessions.touch': (...args: Parameters<SharedParts['sessions']['touch']>) => this.parts.sessions.touch(...args),
    'sessions.list': (groupId: string) => this.parts.sessions.list(groupId),
    'sessions.expire': (countMax?: number) => this.parts.sessions.expire(countMax),
    'members.put': (member: StoredMember) => {
      this.#memberNodes.add(member.nodeId);
      return this.parts.members.put(member);
    },
    'members.find': (...args: Parameters<SharedParts['members']['find']>) => this.parts.members.find(...args),
    'members.takeOver': (memberId: string, tokenHash: string, by: Takeover) => {
      this.#memberNodes.add(by.nodeId);
      return this.parts.members.takeOver(memberId, tokenHash, by);
    },
    'members.end': (...args: Parameters<SharedParts['members']['end']>) => this.parts.members.end(...args),
    'members.expire': (...args: Parameters<SharedParts['members']['expire']>) => this.parts.members.expire(...args),
    'members.touch': (nodeId: string, ttlMs: number) => {
      this.#memberNodes.add(nodeId);
      return this.parts.members.touch(nodeId, ttlMs);
    },
    'members.watch': (nodeId: string) => {
      if (this.#unwatchNodes.has(nodeId)) return;
      const undo = this.parts.members.onReplaced(nodeId, (memberId, generation) =>
        this.send(textFrame(FRAMES.replaced, 0, JSON.stringify([nodeId, memberId, generation]))),
      );
      this.#unwatchNodes.set(nodeId, undo);
    },
    'members.unwatch': (nodeId: string) => {
      this.#unwatchNodes.get(nodeId)?.();
      this.#unwatchNodes.delete(nodeId);
    },
  };

  /** A feed has passed it over. */
  fellBehind(feed: Feed): void {
    this.#behind.add(feed);
  }

  freed(): void {
    for (const feed of this.#behind) {
      if (!feed.catchUp(this)) break;
      this.#behind.delete(feed);
    }
    this.#tellChanges();
  }

  closed(error: Error | undefined): void {
    this.#unwatch?.();
    for (const undo of this.#unwatchNodes.values()) undo();
    for (const feed of this.#reads) {
      feed.drop(this);
      this.feeds.release(feed);
    }
    const { members, presence } = this.parts;
    // A lease that is over in this moment: its members have dropped now.
    for (const nodeId of this.#memberNodes) members.touch(nodeId, 0);
    for (const nodeId of this.#presenceNodes) presence.dropNode(nodeId, this.settings.resumeTtlMs);
    this.gone(error);
  }

  #hasChanged(groupId: string): void {
    this.#changed.add(groupId);
    if (this.#isTelling) return;
    this.#isTelling = true;
    this.settings.clock.setImmediate(() => {
      this.#isTelling = false;
      this.#tellChanges();
    });
  }

  #tellChanges(): void {
    if (this.#changed.size === 0 || this.isFull) return;
    this.send(textFrame(FRAMES.changed, 0, JSON.stringify([...this.#changed])));
    this.#changed.clear();
  }
}
