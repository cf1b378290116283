import {
  type BrokerMessage,
  type BrokerReceiver,
  type Clock,
  MemoryBroker,
  type MemoryBrokerOptions,
  type PublishedPosition,
} from 'gateway-core';

/** A subscription that outlives the log that it is of. */
interface Subscription {
  readonly groupId: string;
  readonly receiver: BrokerReceiver;
  end: () => void;
}

/** A message that was accepted, and can be lost. */
interface Accepted {
  readonly groupId: string;
  readonly message: BrokerMessage;
}

/** The broker that the gateways share: a `MemoryBroker` that can lose the end of its logs. */
export class SharedBroker {
  #broker: MemoryBroker;
  readonly #subscriptions = new Set<Subscription>();
  readonly #accepted: Accepted[] = [];

  constructor(private readonly options: { clock: Clock; generateId: () => string; historyMessagesMax: number }) {
    this.#broker = this.#make();
  }

  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  publish(groupId: string, message: BrokerMessage): PublishedPosition {
    const position = this.#broker.publish(groupId, message);
    if (position.duplicate !== true) this.#accepted.push({ groupId, message });
    return position;
  }

  subscribe(groupId: string, receiver: BrokerReceiver) {
    const { position, unsubscribe } = this.#broker.subscribe(groupId, receiver);
    const subscription: Subscription = { groupId, receiver, end: unsubscribe as () => void };
    this.#subscriptions.add(subscription);
    return {
      position,
      unsubscribe: () => {
        this.#subscriptions.delete(subscription);
        subscription.end();
      },
    };
  }

  history(...asked: Parameters<MemoryBroker['history']>) {
    return this.#broker.history(...asked);
  }

  /** Loses all but the first messages of each log, so many of the last ones excepted. Everybody is told: it is another log from now on. */
  lose(keepsAllBut: number): void {
    const kept = keepsAllBut === 0 ? [] : withoutLast(this.#accepted, keepsAllBut);
    this.#accepted.length = 0;
    this.#broker = this.#make();
    for (const { groupId, message } of kept) this.publish(groupId, message);
    for (const subscription of this.#subscriptions) {
      const { position, unsubscribe } = this.#broker.subscribe(subscription.groupId, subscription.receiver);
      subscription.end = unsubscribe as () => void;
      subscription.receiver.reset(position);
    }
  }

  #make(): MemoryBroker {
    const options: MemoryBrokerOptions = this.options;
    return new MemoryBroker(options);
  }
}

/** Without the last `count` of each group. */
function withoutLast(accepted: readonly Accepted[], count: number): Accepted[] {
  const left = new Map<string, number>();
  for (const { groupId } of accepted) left.set(groupId, (left.get(groupId) ?? 0) + 1);
  return accepted.filter(({ groupId }) => {
    const after = (left.get(groupId) as number) - 1;
    left.set(groupId, after);
    return after >= count;
  });
}
