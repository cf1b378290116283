import type { LogPosition, ResetReason } from 'gateway-protocol';
import type { BrokerEntry, BrokerReceiver, BrokerSubscription } from '../broker/broker.js';
import type { Limits } from '../limits.js';
import { isPromise } from '../maybe-promise.js';
import { nextState } from '../next-state.js';
import { FEED_STATES, type FeedEvent, type FeedState } from './group-states.js';

/**
 * What a broker delivers of one group: kept until its `subscribe` has answered, passed on to the group from then, and nothing any more
 * once it has ended, whenever the subscription comes and whatever becomes of `unsubscribe`.
 */
export class Feed implements BrokerReceiver {
  /** What came early, oldest first: no more than the log would hold. */
  #early: BrokerEntry[] = [];
  #earlyLength = 0;
  /** Where the log stands before what came early, where that is not where the subscription began. */
  #resetTo: LogPosition | undefined;
  /** Its name now, where it got another one. */
  #renamedTo: string | undefined;
  #droppedSeq: number | undefined;
  #receiver: BrokerReceiver | undefined;
  #subscription: BrokerSubscription | undefined;
  #state: FeedState = 'asked';

  constructor(
    private readonly limits: Limits,
    private readonly failed: (error: unknown) => void,
  ) {}

  get state(): FeedState {
    return this.#state;
  }

  deliver(entry: BrokerEntry): void {
    if (this.#state === 'ended') return;
    if (this.#receiver !== undefined) {
      this.#receiver.deliver(entry);
      return;
    }
    this.#early.push(entry);
    this.#earlyLength += entry.body.length;
    const { logMessagesMax, logBytesMax } = this.limits;
    while (this.#early.length > logMessagesMax || this.#earlyLength > logBytesMax) {
      const { seq, body } = this.#early.shift() as BrokerEntry;
      this.#droppedSeq = seq;
      this.#earlyLength -= body.length;
    }
  }

  reset(position: LogPosition, reason?: ResetReason): void {
    if (this.#state === 'ended') return;
    if (this.#receiver !== undefined) {
      this.#receiver.reset(position, reason);
      return;
    }
    this.#resetTo = position;
    this.#renamedTo = undefined;
    this.#droppedSeq = undefined;
    this.#early = [];
    this.#earlyLength = 0;
  }

  renamed(epoch: string): void {
    if (this.#state === 'ended') return;
    if (this.#receiver === undefined) this.#renamedTo = epoch;
    else this.#receiver.renamed?.(epoch);
  }

  /** `subscribe` has answered. @returns where the group's log begins. */
  subscribed(subscription: BrokerSubscription): LogPosition {
    this.#subscription = subscription;
    this.#advance('answered');
    if (this.#state === 'ended') this.#unsubscribe();
    const { epoch, seq } = this.#resetTo ?? subscription.position;
    return { epoch: this.#renamedTo ?? epoch, seq: this.#droppedSeq ?? seq };
  }

  /** Passes on what came early, and everything from now on. */
  forwardTo(receiver: BrokerReceiver): void {
    this.#advance('opened');
    this.#receiver = receiver;
    const early = this.#early;
    this.#early = [];
    for (const entry of early) receiver.deliver(entry);
  }

  end(): void {
    if (this.#state === 'ended') return;
    this.#advance('ended');
    this.#early = [];
    this.#unsubscribe();
  }

  #advance(event: FeedEvent): void {
    this.#state = nextState(FEED_STATES, 'a subscription', this.#state, event);
  }

  #unsubscribe(): void {
    try {
      const result = this.#subscription?.unsubscribe();
      if (isPromise(result)) result.catch(this.failed);
    } catch (error) {
      this.failed(error);
    }
  }
}
