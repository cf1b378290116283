import type { LogPosition } from 'gateway-protocol';
import type { Broker, BrokerMessage, BrokerReceiver, BrokerSubscription } from '../broker/broker.js';
import type { Clock } from '../clock.js';
import { GatewayError } from '../errors.js';
import type { Limits } from '../limits.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import { Group, type GroupContext, type Membership, type Receiver } from './group.js';

/** The groups of this gateway by id, and the flush at the end of each turn. */
export class Groups {
  readonly #groups = new Map<string, Group>();
  readonly #subscriptions = new Map<string, BrokerSubscription>();
  /** Groups being subscribed to. */
  readonly #opening = new Map<string, Promise<Group>>();
  /** Groups without members, the one idle for longest first. */
  readonly #idle = new Set<Group>();
  /** To be flushed at the end of the turn; one that is flushed in parts stands here once for each. */
  #dirty: Group[] = [];
  readonly #context: GroupContext;
  #closed = false;

  constructor(
    private readonly broker: Broker,
    private readonly clock: Clock,
    private readonly limits: Limits,
    counters: { delivered: number },
    private readonly failed: (error: unknown, where: string) => void,
  ) {
    this.#context = {
      limits,
      budget: { bytes: 0 },
      now: () => clock.monotonicMs(),
      dirty: (group) => this.#markDirty(group),
      counters,
    };
  }

  get size(): number {
    return this.#groups.size;
  }

  get logBytes(): number {
    return this.#context.budget.bytes;
  }

  get(groupId: string): Group | undefined {
    return this.#groups.get(groupId);
  }

  values(): IterableIterator<Group> {
    return this.#groups.values();
  }

  /**
   * The group, with the broker's entries coming in.
   * @throws GatewayError `TOO_MANY_GROUPS`, or `CLOSED` where a hook or the broker has answered too late.
   */
  open(groupId: string): MaybePromise<Group> {
    if (this.#closed) throw closed();
    const known = this.#groups.get(groupId) ?? this.#opening.get(groupId);
    if (known !== undefined) return known;
    this.#makeRoom();
    const early = new EarlyEntries();
    const subscription = this.broker.subscribe(groupId, early);
    if (!isPromise(subscription)) return this.#opened(groupId, subscription, early);
    const opening = subscription
      .then((answer) => this.#opened(groupId, answer, early))
      .finally(() => this.#opening.delete(groupId));
    this.#opening.set(groupId, opening);
    return opening;
  }

  /** Adds a receiver at the head of a group's log. */
  add(group: Group, receiver: Receiver): Membership {
    this.#idle.delete(group);
    return group.add(receiver);
  }

  remove(membership: Membership): void {
    const { group } = membership;
    group.remove(membership);
    // Where it was forgotten already (the gateway has closed), it does not come back.
    if (group.idle && this.#groups.get(group.groupId) === group) this.#idle.add(group);
  }

  publish(groupId: string, message: BrokerMessage): MaybePromise<LogPosition> {
    return this.broker.publish(groupId, message);
  }

  flush(): void {
    // What comes in while they are flushed makes groups dirty, and these are flushed as well.
    for (let dirty = this.#dirty; dirty.length > 0; dirty = this.#dirty) {
      this.#dirty = [];
      for (const group of dirty) group.flush();
    }
    this.#keepBudget();
  }

  /** Drops what is too old: messages, and groups that had no member for the same time. */
  sweep(now: number): void {
    for (const group of this.#groups.values()) if (group.log.messages > 0) group.expire(now);
    // One that was left long ago may have been published to since.
    for (const group of this.#idle) if (now - group.lastUsedAt >= this.limits.logAgeMaxMs) this.#dispose(group);
  }

  dispose(): void {
    this.#closed = true;
    for (const group of [...this.#groups.values()]) this.#dispose(group);
  }

  #opened(groupId: string, subscription: BrokerSubscription, early: EarlyEntries): Group {
    if (this.#closed) {
      subscription.unsubscribe();
      throw closed();
    }
    const group = new Group(groupId, subscription.position, this.#context);
    this.#groups.set(groupId, group);
    this.#subscriptions.set(groupId, subscription);
    this.#idle.add(group);
    early.forwardTo(group);
    return group;
  }

  #markDirty(group: Group): void {
    if (this.#dirty.length === 0) this.clock.setImmediate(() => this.flush());
    this.#dirty.push(group);
  }

  #makeRoom(): void {
    if (this.#groups.size + this.#opening.size < this.limits.groupsMax) return;
    const [idle] = this.#idle;
    if (idle === undefined) throw new GatewayError('TOO_MANY_GROUPS', `limits.groupsMax (${this.limits.groupsMax}) is reached`);
    this.#dispose(idle);
  }

  /** Holds all logs together to their bound: groups without members go first, then every log gives half. */
  #keepBudget(): void {
    while (this.logBytes > this.limits.logBytesTotalMax) {
      const [idle] = this.#idle;
      if (idle !== undefined) this.#dispose(idle);
      else for (const group of this.#groups.values()) group.yieldMemory();
    }
  }

  #dispose(group: Group): void {
    this.#groups.delete(group.groupId);
    this.#idle.delete(group);
    const subscription = this.#subscriptions.get(group.groupId);
    this.#subscriptions.delete(group.groupId);
    group.dispose();
    try {
      subscription?.unsubscribe();
    } catch (error) {
      this.failed(error, 'broker.unsubscribe');
    }
  }
}

function closed(): GatewayError {
  return new GatewayError('CLOSED', 'the gateway is closed');
}

/** Takes what the broker delivers before its `subscribe` has answered. */
class EarlyEntries implements BrokerReceiver {
  #calls: ((receiver: BrokerReceiver) => void)[] = [];
  #receiver: BrokerReceiver | undefined;

  deliver(entry: Parameters<BrokerReceiver['deliver']>[0]): void {
    if (this.#receiver === undefined) this.#calls.push((receiver) => receiver.deliver(entry));
    else this.#receiver.deliver(entry);
  }

  reset(position: LogPosition): void {
    if (this.#receiver === undefined) this.#calls.push((receiver) => receiver.reset(position));
    else this.#receiver.reset(position);
  }

  forwardTo(receiver: BrokerReceiver): void {
    this.#receiver = receiver;
    for (const call of this.#calls) call(receiver);
    this.#calls = [];
  }
}
