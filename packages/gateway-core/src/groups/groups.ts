import type { LogPosition, ResumeSince } from 'gateway-protocol';
import type { Broker, BrokerSubscription, MemberFence, PublishedPosition } from '../broker/broker.js';
import type { Clock } from '../clock.js';
import { type DataBody, dataBody } from '../data-body.js';
import { GatewayError } from '../errors.js';
import type { Limits } from '../limits.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { PartTimeouts } from '../part-timeouts.js';
import type { Slices } from '../slices.js';
import { asPart, type MessageSpan, type Tracer } from '../tracer.js';
import type { FanOutCounters, Receiver } from './cursor.js';
import { Feed } from './feed.js';
import { Group, type Membership } from './group.js';
import type { GroupContext } from './group-context.js';
import { moveGroup } from './group-states.js';
import { LogBudget } from './log-budget.js';
import { Reaching } from './reaching.js';
import { ReplayPace } from './replay-pace.js';

/** What a sweep's look at a group costs, and forgetting one, a write to a socket being one. */
const LOOK_UNITS = 1 / 32;
const DISPOSE_UNITS = 1 / 4;

/** What a gateway counts of its groups. */
export type GatewayCounters = FanOutCounters & { published: number; resets: number };

/** The groups of this gateway by id, the way into their logs, and the memory that they may take together. */
export class Groups {
  readonly #groups = new Map<string, Group>();
  readonly #feeds = new Map<string, Feed>();
  /** Groups that are being subscribed to. */
  readonly #opening = new Map<string, Promise<Group>>();
  /** Groups without members, the one idle for longest first. */
  readonly #idle = new Set<Group>();
  readonly #reaching: Reaching;
  readonly #context: GroupContext;
  /** The end of the turn brings the logs back into their budget. */
  #overBudget = false;
  #closed = false;

  constructor(
    private readonly broker: Broker,
    private readonly clock: Clock,
    slices: Slices,
    private readonly limits: Limits,
    private readonly timeouts: PartTimeouts,
    private readonly counters: GatewayCounters,
    private readonly failed: (error: unknown, where: string) => void,
    wasReset: GroupContext['wasReset'],
    logged: GroupContext['logged'],
    tracer?: Tracer,
  ) {
    this.#reaching = new Reaching(broker, limits, timeouts, failed);
    this.#context = {
      limits,
      budget: new LogBudget(limits.logBytesTotalMax, () => this.#exceeded()),
      replays: new ReplayPace(clock, slices, limits.replayBytesPerSecondMax),
      now: () => clock.monotonicMs(),
      stamp: () => clock.now(),
      dirty: (group) => slices.add(group),
      counters,
      wasReset,
      logged,
      tracer,
      failed,
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
   * @throws GatewayError `TOO_MANY_GROUPS`, or `CLOSED` where a hook or the broker has answered too late. Rejects where the broker fails,
   * or does not answer within `timings.partTimeoutMs`.
   */
  open(groupId: string, span?: MessageSpan): MaybePromise<Group> {
    if (this.#closed) throw closed();
    const known = this.#groups.get(groupId);
    if (known !== undefined) return this.#used(known);
    const opening = this.#opening.get(groupId);
    if (opening !== undefined) return opening;
    this.#makeRoom();
    const feed = new Feed(this.limits, (error) => this.failed(error, 'broker.unsubscribe'));
    const subscription = asPart(span, 'broker.subscribe', () => this.broker.subscribe(groupId, feed));
    if (!isPromise(subscription)) return this.#opened(groupId, feed, feed.subscribed(subscription));
    const opened = this.#openLater(groupId, feed, subscription);
    this.#opening.set(groupId, opened);
    // Whoever opens it is told; at the end of the gateway that may be nobody any more.
    opened.catch(() => {});
    return opened;
  }

  /** Lets a group's log reach back to what is asked for, see {@link Reaching}. */
  reach(group: Group, since: ResumeSince, span?: MessageSpan): MaybePromise<void> {
    return this.#reaching.reach(group, since, span);
  }

  /** Adds a receiver at the head of a group's log. */
  add(group: Group, receiver: Receiver): Membership {
    moveGroup(group, 'entered');
    this.#idle.delete(group);
    return group.add(receiver);
  }

  remove(membership: Membership): void {
    const { group } = membership;
    group.remove(membership);
    if (group.memberCount > 0) return;
    moveGroup(group, 'emptied');
    // Where it was forgotten already (the gateway has closed), it does not come back.
    if (group.state === 'idle') this.#idle.add(group);
  }

  /**
   * The one way into a group's log, for clients and for the server. Nothing is waited for before the broker has the message, so the calls
   * keep their order. A group that nobody is in is opened only where the broker has no history: its log is all that will hold the message.
   * @throws GatewayError `TOO_MANY_GROUPS`.
   */
  publish(body: DataBody, idempotencyKey?: string, fence?: MemberFence): MaybePromise<PublishedPosition> {
    const { groupId, delivery, key } = body;
    if (this.broker.retainsHistory === false && !this.#groups.has(groupId) && !this.#opening.has(groupId)) {
      const opening = this.open(groupId);
      if (isPromise(opening)) opening.catch((error: unknown) => this.failed(error, 'broker.subscribe'));
    }
    const position = this.broker.publish(groupId, { body: dataBody(body), delivery, key, idempotencyKey, fence });
    return isPromise(position) ? position.then((answer) => this.#published(answer)) : this.#published(position);
  }

  /** Drops what is too old: messages, and groups that had no member for the same time. Yields what each cost, a write to a socket being one. */
  *sweep(now: number): Generator<number, void> {
    for (const group of this.#groups.values()) {
      if (group.logSize.messages > 0) group.expire(now);
      yield LOOK_UNITS;
    }
    for (const group of this.#idle) {
      // One that was left long ago may have been published to since.
      const isOld = now - group.lastUsedAt >= this.limits.logAgeMaxMs;
      if (isOld) this.#dispose(group);
      yield isOld ? DISPOSE_UNITS : LOOK_UNITS;
    }
  }

  dispose(): void {
    this.#closed = true;
    for (const group of this.#groups.values()) this.#dispose(group);
    this.#context.replays.close();
  }

  /** Somebody is about to come: it is not the next to be forgotten, however long hooks and stores take. */
  #used(group: Group): Group {
    group.lastUsedAt = this.clock.monotonicMs();
    if (this.#idle.delete(group)) this.#idle.add(group);
    return group;
  }

  #published(position: PublishedPosition): PublishedPosition {
    if (position.duplicate !== true) this.counters.published += 1;
    return position;
  }

  async #openLater(groupId: string, feed: Feed, subscription: Promise<BrokerSubscription>): Promise<Group> {
    // One that comes after the time limit ends at once, for its feed has ended.
    subscription.then(
      (late) => feed.state === 'ended' && feed.subscribed(late),
      (error: unknown) => feed.state === 'ended' && this.failed(error, 'broker.subscribe'),
    );
    try {
      const answer = await this.timeouts.limit(subscription, 'broker.subscribe');
      if (this.#closed) feed.end();
      const position = feed.subscribed(answer);
      if (this.#closed) throw closed();
      return this.#opened(groupId, feed, position);
    } catch (error) {
      feed.end();
      throw error;
    } finally {
      this.#opening.delete(groupId);
    }
  }

  #opened(groupId: string, feed: Feed, position: LogPosition): Group {
    const group = new Group(groupId, position, this.#context);
    this.#groups.set(groupId, group);
    this.#feeds.set(groupId, feed);
    this.#idle.add(group);
    feed.forwardTo(group);
    return group;
  }

  #makeRoom(): void {
    if (this.#groups.size + this.#opening.size < this.limits.groupsMax) return;
    const idle = this.#longestIdle();
    if (idle === undefined) throw new GatewayError('TOO_MANY_GROUPS', `limits.groupsMax (${this.limits.groupsMax}) is reached`);
    this.#dispose(idle);
  }

  #longestIdle(): Group | undefined {
    for (const group of this.#idle) if (group.awaited === 0) return group;
    return undefined;
  }

  #exceeded(): void {
    if (this.#overBudget) return;
    this.#overBudget = true;
    // Not at once: in the middle of a turn there is more that its members have not been written yet.
    this.clock.setImmediate(() => {
      this.#overBudget = false;
      this.#keepBudget();
    });
  }

  /** Holds all logs together to their bound: groups without members go first, the one idle for longest before the others, then the largest log gives. */
  #keepBudget(): void {
    const { budget } = this.#context;
    for (const idle of this.#idle) {
      if (!budget.isExceeded) return;
      if (idle.awaited === 0) this.#dispose(idle);
    }
    for (let log = budget.largest(); budget.isExceeded && log !== undefined; log = budget.largest()) log.giveMemory();
  }

  #dispose(group: Group): void {
    moveGroup(group, 'forgotten');
    this.#groups.delete(group.groupId);
    this.#idle.delete(group);
    this.#feeds.get(group.groupId)?.end();
    this.#feeds.delete(group.groupId);
    group.dispose();
  }
}

function closed(): GatewayError {
  return new GatewayError('CLOSED', 'the gateway is closed');
}
