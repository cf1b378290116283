import { randomUUID } from 'node:crypto';
import type { LogPosition } from 'gateway-protocol';
import { type Clock, systemClock } from '../clock.js';
import type {
  Broker,
  BrokerEntry,
  BrokerHistory,
  BrokerMessage,
  BrokerReceiver,
  BrokerSubscription,
  PublishedPosition,
} from './broker.js';
import { LargestFirst } from './largest-first.js';
import { Topic } from './topic.js';

/** Bounds of a {@link MemoryBroker}; everything has a default. */
export interface MemoryBrokerOptions {
  /** Entries that `history` can reach back, for each group. 0: none. Default 1,024. */
  historyMessagesMax?: number | undefined;
  /** Characters of JSON that `history` keeps, for each group. Default 1,048,576. */
  historyLengthMax?: number | undefined;
  /**
   * Idempotency keys remembered, for each group; also where there is no history. They are as old as `historyAgeMaxMs` at most. Default
   * 1,024, or `historyMessagesMax` where that is more.
   */
  idempotencyKeysMax?: number | undefined;
  /**
   * Most memory of the histories and idempotency keys of all groups, in bytes. Beyond it groups that nobody is subscribed to are forgotten, the one idle for
   * longest first, and then the largest gives its oldest entries and keys. Default 64 MiB.
   */
  historyBytesTotalMax?: number | undefined;
  /**
   * Oldest entry that `history` gives, and oldest idempotency key, in milliseconds. A group that nobody is subscribed to is forgotten after the same time: when it
   * comes back it starts a new epoch, and who was there before finds no history. Default 300,000.
   */
  historyAgeMaxMs?: number | undefined;
  /** Most groups remembered that nobody is subscribed to; beyond it the oldest starts a new epoch when it comes back. Default 10,000. */
  idleGroupsMax?: number | undefined;
  /** Makes epochs; unique. Default: random UUIDs. */
  generateId?: (() => string) | undefined;
  /** Default: the machine's time. */
  clock?: Clock | undefined;
}

/**
 * Orders messages inside one process, synchronously. Give one to several gateways of a process and they share their groups.
 * @example
 * const broker = new MemoryBroker();
 * const a = createGateway({ broker }), b = createGateway({ broker });
 */
export class MemoryBroker implements Broker {
  /** Whether `history` can give anything. */
  readonly retainsHistory: boolean;
  readonly #topics = new Map<string, Topic>();
  /** Topics without a subscriber, the one used longest ago first. */
  readonly #idle = new Set<Topic>();
  /** Topics with a history or idempotency keys, the one looked at longest ago first. */
  readonly #kept = new Set<Topic>();
  readonly #bySize = new LargestFirst<Topic>();
  /** Of all histories and idempotency keys. */
  #keptBytes = 0;
  readonly #historyMessagesMax: number;
  readonly #historyLengthMax: number;
  readonly #idempotencyKeysMax: number;
  readonly #historyBytesTotalMax: number;
  readonly #historyAgeMaxMs: number;
  readonly #idleGroupsMax: number;
  readonly #generateId: () => string;
  readonly #clock: Clock;

  constructor(options: MemoryBrokerOptions = {}) {
    this.#historyMessagesMax = options.historyMessagesMax ?? 1_024;
    this.#historyLengthMax = options.historyLengthMax ?? 1024 * 1024;
    this.#idempotencyKeysMax = options.idempotencyKeysMax ?? Math.max(1_024, this.#historyMessagesMax);
    this.#historyBytesTotalMax = options.historyBytesTotalMax ?? 64 * 1024 * 1024;
    this.#historyAgeMaxMs = options.historyAgeMaxMs ?? 300_000;
    this.#idleGroupsMax = options.idleGroupsMax ?? 10_000;
    this.#generateId = options.generateId ?? randomUUID;
    this.#clock = options.clock ?? systemClock;
    this.retainsHistory = this.#historyMessagesMax > 0;
  }

  publish(groupId: string, message: BrokerMessage): PublishedPosition {
    const { idempotencyKey } = message;
    const keeps = this.retainsHistory || idempotencyKey !== undefined;
    // A gateway's own broker keeps nothing that could be too old, until a key comes, and is not to pay for asking.
    const isAging = keeps || this.#idle.size > 0 || this.#kept.size > 0;
    const now = isAging ? this.#clock.monotonicMs() : 0;
    if (isAging) this.#expire(now);
    const topic = this.#topic(groupId);
    const firstSeq = idempotencyKey === undefined ? undefined : this.#firstSeq(topic, idempotencyKey, now);
    if (firstSeq !== undefined) return { epoch: topic.epoch, seq: firstSeq, duplicate: true };
    // While it is in use it is not forgotten, whoever else has to make room for its message.
    this.#idle.delete(topic);
    topic.seq += 1;
    const entry: BrokerEntry = { seq: topic.seq, body: message.body, delivery: message.delivery, key: message.key };
    if (keeps) this.#keep(topic, entry, idempotencyKey, now);
    topic.deliver(entry);
    if (topic.receivers.size === 0) this.#rest(topic);
    return { epoch: topic.epoch, seq: entry.seq };
  }

  subscribe(groupId: string, receiver: BrokerReceiver): BrokerSubscription {
    this.#expire(this.#clock.monotonicMs());
    const topic = this.#topic(groupId);
    topic.receivers.set(receiver, topic.seq);
    this.#idle.delete(topic);
    return {
      position: topic.position,
      unsubscribe: () => {
        if (topic.receivers.delete(receiver) && topic.receivers.size === 0) this.#rest(topic);
      },
    };
  }

  history(groupId: string, since: LogPosition, limit: number): BrokerHistory {
    const now = this.#clock.monotonicMs();
    this.#expire(now);
    const known = this.#topics.get(groupId);
    // A log that begins now, for the answer says where it stands.
    const topic = known ?? this.#topic(groupId);
    if (known === undefined) this.#rest(topic);
    else this.#drop(topic, now - this.#historyAgeMaxMs);
    return topic.after(since, limit);
  }

  #topic(groupId: string): Topic {
    let topic = this.#topics.get(groupId);
    if (topic === undefined) {
      topic = new Topic(groupId, this.#generateId());
      this.#topics.set(groupId, topic);
    }
    return topic;
  }

  /** The `seq` of the message that came with a key before, if that is not too old. Of nearly all messages there is none, and nothing is looked at. */
  #firstSeq(topic: Topic, idempotencyKey: string, now: number): number | undefined {
    if (topic.seqOf(idempotencyKey) === undefined) return undefined;
    this.#drop(topic, now - this.#historyAgeMaxMs);
    return topic.seqOf(idempotencyKey);
  }

  #keep(topic: Topic, entry: BrokerEntry, idempotencyKey: string | undefined, now: number): void {
    const before = topic.keptBytes;
    if (this.retainsHistory) topic.keep(entry, now);
    if (idempotencyKey !== undefined) topic.keepKey(idempotencyKey, entry.seq, now);
    topic.expire(now - this.#historyAgeMaxMs);
    while (topic.historySize > this.#historyMessagesMax || topic.historyLength > this.#historyLengthMax) topic.shift();
    while (topic.keysSize > this.#idempotencyKeysMax) topic.shiftKey();
    if (!this.#kept.has(topic)) this.#putInLine(topic, now);
    this.#changed(topic, before);
    this.#holdToTotal();
  }

  /** It is looked at when what comes now is too old, and not with each message: to take a place in a set anew costs more than a look. */
  #putInLine(topic: Topic, now: number): void {
    topic.lookedAt = now;
    this.#kept.add(topic);
  }

  /** A topic keeps more or less than before. */
  #changed(topic: Topic, bytesBefore: number): void {
    this.#keptBytes += topic.keptBytes - bytesBefore;
    this.#bySize.put(topic, topic.keptBytes);
    if (!topic.isKeepingAny) this.#kept.delete(topic);
  }

  #drop(topic: Topic, oldestAt: number): void {
    const before = topic.keptBytes;
    topic.expire(oldestAt);
    this.#changed(topic, before);
  }

  /**
   * Drops what is too old of groups that are quiet. One that is not drops its own at each message, so what is kept is twice as old as it
   * may be at most; what `history` gives is not.
   */
  #expire(now: number): void {
    const limit = now - this.#historyAgeMaxMs;
    for (const topic of this.#idle) {
      if (topic.idleSince > limit) break;
      this.#forget(topic);
    }
    for (const topic of this.#kept) {
      if (topic.lookedAt > limit) break;
      this.#drop(topic, limit);
      if (this.#kept.delete(topic)) this.#putInLine(topic, now);
    }
  }

  #holdToTotal(): void {
    while (this.#keptBytes > this.#historyBytesTotalMax) {
      const [idle] = this.#idle;
      const largest = this.#bySize.largest();
      if (idle !== undefined) this.#forget(idle);
      else if (largest !== undefined) this.#giveOldest(largest);
      else return;
    }
  }

  #giveOldest(topic: Topic): void {
    const before = topic.keptBytes;
    topic.giveOldest();
    this.#changed(topic, before);
  }

  #rest(topic: Topic): void {
    // A receiver may have left, and the topic been forgotten, while it was delivered to.
    if (this.#topics.get(topic.groupId) !== topic) return;
    topic.idleSince = this.#clock.monotonicMs();
    this.#idle.delete(topic);
    this.#idle.add(topic);
    if (this.#idle.size <= this.#idleGroupsMax) return;
    const [oldest] = this.#idle;
    this.#forget(oldest as Topic);
  }

  #forget(topic: Topic): void {
    this.#idle.delete(topic);
    this.#kept.delete(topic);
    this.#bySize.put(topic, 0);
    this.#keptBytes -= topic.keptBytes;
    this.#topics.delete(topic.groupId);
  }
}
