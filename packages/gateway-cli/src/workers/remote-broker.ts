import type {
  Broker,
  BrokerEntry,
  BrokerHistory,
  BrokerMessage,
  BrokerReceiver,
  BrokerSubscription,
  LogPosition,
  PublishedPosition,
  ResetReason,
} from 'gateway-core';
import type { PrimaryLink } from './primary-link.js';

/** A group that somebody here has subscribed to, by the number that the primary has given it. */
interface Topic {
  readonly groupId: string;
  /** With the `seq` after which each takes entries. */
  readonly receivers: Map<BrokerReceiver, number>;
}

/** The primary's broker, as a worker has it. */
export class RemoteBroker implements Broker {
  readonly #topics = new Map<number, Topic>();

  constructor(private readonly link: PrimaryLink) {}

  publish(groupId: string, message: BrokerMessage): Promise<PublishedPosition> {
    return this.link.publish(groupId, message);
  }

  async subscribe(groupId: string, receiver: BrokerReceiver): Promise<BrokerSubscription> {
    const { topic, position } = await this.link.call<{ topic: number; position: LogPosition }>(
      'broker.subscribe',
      [groupId],
      // Here and not after the wait: entries may stand right behind the answer.
      (answer) => {
        this.#topicOf(answer.topic, groupId).receivers.set(receiver, answer.position.seq);
        return answer;
      },
    );
    return { position, unsubscribe: () => this.#unsubscribe(topic, receiver) };
  }

  history(groupId: string, since: LogPosition, limit: number): Promise<BrokerHistory> {
    return this.link.call('broker.history', [groupId, since, limit]);
  }

  entry(topic: number, entry: BrokerEntry): void {
    for (const [receiver, since] of this.#topics.get(topic)?.receivers ?? [])
      if (entry.seq > since) receiver.deliver({ ...entry });
  }

  reset(topic: number, position: LogPosition, reason: ResetReason | undefined): void {
    const receivers = this.#topics.get(topic)?.receivers;
    for (const [receiver, since] of receivers ?? []) {
      // Who came after what is lost has lost nothing.
      if (since >= position.seq) continue;
      receivers?.set(receiver, position.seq);
      receiver.reset({ ...position }, reason);
    }
  }

  #topicOf(number: number, groupId: string): Topic {
    let topic = this.#topics.get(number);
    if (topic === undefined) {
      topic = { groupId, receivers: new Map() };
      this.#topics.set(number, topic);
    }
    return topic;
  }

  #unsubscribe(number: number, receiver: BrokerReceiver): void {
    const topic = this.#topics.get(number);
    if (topic === undefined || !topic.receivers.delete(receiver)) return;
    if (topic.receivers.size === 0) this.#topics.delete(number);
    this.link.tell('broker.unsubscribe', [topic.groupId]);
  }
}
