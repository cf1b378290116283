import { randomUUID } from 'node:crypto';
import type { LogPosition } from 'gateway-protocol';
import type { Broker, BrokerEntry, BrokerMessage, BrokerReceiver, BrokerSubscription } from './broker.js';

interface Topic {
  epoch: string;
  seq: number;
  /** With the `seq` after which each takes entries. */
  readonly receivers: Map<BrokerReceiver, number>;
  delivering: boolean;
  /** What receivers publish while an entry is delivered. */
  readonly next: BrokerEntry[];
  /** The newest entries, oldest first. */
  readonly history: BrokerEntry[];
  /** Characters of their bodies. */
  historyLength: number;
}

/** Bounds of a {@link MemoryBroker}; everything has a default. */
export interface MemoryBrokerOptions {
  /** Entries that `history` can reach back, for each group. Default 1,024. */
  historyMessagesMax?: number | undefined;
  /** Characters of JSON that `history` keeps, for each group. Default 1,048,576. */
  historyLengthMax?: number | undefined;
  /** Most groups remembered that nobody is subscribed to; beyond it the oldest starts a new epoch when it comes back. Default 10,000. */
  idleGroupsMax?: number | undefined;
  /** Makes epochs; unique. Default: random UUIDs. */
  generateId?: (() => string) | undefined;
}

/**
 * Orders messages inside one process, synchronously. Give one to several gateways of a process and they share their groups.
 * @example
 * const broker = new MemoryBroker();
 * const a = createGateway({ broker }), b = createGateway({ broker });
 */
export class MemoryBroker implements Broker {
  readonly #topics = new Map<string, Topic>();
  /** Ids of topics without a subscriber, oldest first. */
  readonly #idle = new Set<string>();
  readonly #historyMessagesMax: number;
  readonly #historyLengthMax: number;
  readonly #idleGroupsMax: number;
  readonly #generateId: () => string;

  constructor(options: MemoryBrokerOptions = {}) {
    this.#historyMessagesMax = options.historyMessagesMax ?? 1_024;
    this.#historyLengthMax = options.historyLengthMax ?? 1024 * 1024;
    this.#idleGroupsMax = options.idleGroupsMax ?? 10_000;
    this.#generateId = options.generateId ?? randomUUID;
  }

  get retainsHistory(): boolean {
    return this.#historyMessagesMax > 0;
  }

  publish(groupId: string, message: BrokerMessage): LogPosition {
    const topic = this.#topic(groupId);
    topic.seq += 1;
    const entry: BrokerEntry = { seq: topic.seq, body: message.body, delivery: message.delivery, key: message.key };
    this.#keep(topic, entry);
    this.#deliver(topic, entry);
    if (topic.receivers.size === 0) this.#rest(groupId);
    return { epoch: topic.epoch, seq: entry.seq };
  }

  subscribe(groupId: string, receiver: BrokerReceiver): BrokerSubscription {
    const topic = this.#topic(groupId);
    topic.receivers.set(receiver, topic.seq);
    this.#idle.delete(groupId);
    return {
      position: { epoch: topic.epoch, seq: topic.seq },
      unsubscribe: () => {
        if (topic.receivers.delete(receiver) && topic.receivers.size === 0) this.#rest(groupId);
      },
    };
  }

  history(groupId: string, since: LogPosition, limit: number): BrokerEntry[] | undefined {
    const topic = this.#topics.get(groupId);
    if (topic === undefined || topic.epoch !== since.epoch || since.seq > topic.seq) return undefined;
    const missing = topic.seq - since.seq;
    if (missing > topic.history.length) return undefined;
    const first = topic.history.length - missing;
    return topic.history.slice(first, first + limit).map((entry) => ({ ...entry }));
  }

  #topic(groupId: string): Topic {
    let topic = this.#topics.get(groupId);
    if (topic === undefined) {
      topic = {
        epoch: this.#generateId(),
        seq: 0,
        receivers: new Map(),
        delivering: false,
        next: [],
        history: [],
        historyLength: 0,
      };
      this.#topics.set(groupId, topic);
    }
    return topic;
  }

  /** One entry after the other: one that a receiver publishes meanwhile would reach those after it before this one does. */
  #deliver(topic: Topic, entry: BrokerEntry): void {
    if (topic.delivering) {
      topic.next.push(entry);
      return;
    }
    topic.delivering = true;
    try {
      for (let next: BrokerEntry | undefined = entry; next !== undefined; next = topic.next.shift()) {
        for (const [receiver, since] of topic.receivers) if (next.seq > since) receiver.deliver(next);
      }
    } finally {
      topic.delivering = false;
      topic.next.length = 0;
    }
  }

  #keep(topic: Topic, entry: BrokerEntry): void {
    if (this.#historyMessagesMax === 0) return;
    // A copy: the body is put together from slices of what the client sent, all of which it would keep in memory.
    topic.history.push({ ...entry, body: Buffer.from(entry.body).toString() });
    topic.historyLength += entry.body.length;
    while (topic.history.length > this.#historyMessagesMax || topic.historyLength > this.#historyLengthMax) {
      topic.historyLength -= (topic.history.shift() as BrokerEntry).body.length;
    }
  }

  #rest(groupId: string): void {
    this.#idle.add(groupId);
    if (this.#idle.size <= this.#idleGroupsMax) return;
    const [oldest] = this.#idle;
    this.#idle.delete(oldest as string);
    this.#topics.delete(oldest as string);
  }
}
