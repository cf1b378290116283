import {
  type Broker,
  type BrokerMessage,
  type BrokerReceiver,
  type BrokerSubscription,
  MemoryBroker,
  type PublishedPosition,
} from 'gateway-core';
import type { LogPosition } from 'gateway-protocol';

interface Subscriber {
  receiver: BrokerReceiver;
  subscription: BrokerSubscription;
}

/** A broker in memory whose logs can be lost while gateways are subscribed to them, like those of a database that was restored. */
export class ResettableBroker implements Broker {
  readonly #inner = new MemoryBroker();
  readonly #generations = new Map<string, number>();
  readonly #subscribers = new Map<string, Set<Subscriber>>();

  publish(groupId: string, message: BrokerMessage): PublishedPosition {
    return this.#inner.publish(this.#logOf(groupId), message);
  }

  subscribe(groupId: string, receiver: BrokerReceiver): BrokerSubscription {
    const subscriber = { receiver, subscription: this.#inner.subscribe(this.#logOf(groupId), receiver) };
    const subscribers = this.#subscribers.get(groupId) ?? new Set();
    this.#subscribers.set(groupId, subscribers.add(subscriber));
    return {
      position: subscriber.subscription.position,
      unsubscribe: () => {
        subscribers.delete(subscriber);
        subscriber.subscription.unsubscribe();
      },
    };
  }

  history(groupId: string, since: LogPosition, limit: number) {
    return this.#inner.history(this.#logOf(groupId), since, limit);
  }

  lose(groupId: string): void {
    this.#generations.set(groupId, (this.#generations.get(groupId) ?? 0) + 1);
    for (const subscriber of this.#subscribers.get(groupId) ?? []) {
      subscriber.subscription.unsubscribe();
      subscriber.subscription = this.#inner.subscribe(this.#logOf(groupId), subscriber.receiver);
      subscriber.receiver.reset(subscriber.subscription.position);
    }
  }

  #logOf(groupId: string): string {
    return `${this.#generations.get(groupId) ?? 0} ${groupId}`;
  }
}
