import { type BrokerMessage, MemoryBroker, type PublishedPosition } from 'gateway-core';

/** A broker in memory that knows who was taken over, as one does that keeps its logs beside the members. */
export class FencingBroker extends MemoryBroker {
  readonly fencesMembers = true;
  /** By member, the generation in which the gateway that has it got it. */
  readonly #firstGenerations = new Map<string, number>();
  /** Messages that were refused. */
  refused = 0;

  /** Another gateway has a member from this generation on. */
  takenOver(memberId: string, generation: number): void {
    this.#firstGenerations.set(memberId, generation);
  }

  override publish(groupId: string, message: BrokerMessage): PublishedPosition {
    const { memberId = '', generation = 0 } = message.fence ?? {};
    if (message.fence === undefined || generation >= (this.#firstGenerations.get(memberId) ?? 0))
      return super.publish(groupId, message);
    this.refused += 1;
    throw Object.assign(new Error('another gateway has the member'), { code: 'FENCED' });
  }
}
