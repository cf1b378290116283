import type { Broker, BrokerMessage, BrokerReceiver, LogPosition, PublishedPosition, ResetReason } from 'gateway-core';
import type { Line, LogTruth } from './model/log-truth.js';

/** A place that a node has seen: delivered to it, or acknowledged. */
interface Seen {
  readonly line: Line;
  readonly seq: number;
}

/**
 * A node's broker, held to what the faults know was written and lost: each message is the one that is at its place; nobody who has seen what is
 * lost goes on, and nobody else is told that anything is.
 */
export class JudgedBroker {
  /** By group, what this node has seen since it was told of a loss. */
  readonly #seen = new Map<string, Seen[]>();

  constructor(
    private readonly truth: LogTruth,
    private readonly options: {
      /** Messages that each log keeps. */
      readonly logMessagesMax: number;
      found(text: string): void;
      /** Is told of what is neither right nor wrong. */
      say(text: string): void;
    },
  ) {}

  judge(broker: Broker): Broker {
    return {
      fencesMembers: broker.fencesMembers,
      publish: async (groupId, message) => {
        this.truth.published(groupId, message);
        const position = await this.#publish(broker, groupId, message);
        // Of one that is there already, what was said the first time is what counts.
        this.#holds(groupId, position, position.duplicate ? idOf(message.body) : message.body, 'is acknowledged');
        this.#saw(groupId, position);
        return position;
      },
      history: async (groupId, since, limit) => {
        const history = await broker.history(groupId, since, limit);
        const { epoch } = history.head;
        const goesOn = this.truth.goesOn(groupId, since, epoch);
        if (history.lost === undefined) {
          if (!goesOn) this.#found(groupId, `history goes on from ${text(since)} in ${epoch}, which does not have that`);
          for (const { seq, body } of history.entries) this.#holds(groupId, { epoch, seq }, body, 'is in the history');
        } else if (history.lost !== 'trimmed' && goesOn)
          this.#found(groupId, `history from ${text(since)} is ${history.lost}, and nothing of that was lost`);
        else this.#checkReason(groupId, since, history.head, history.lost);
        return history;
      },
      subscribe: async (groupId, receiver) => {
        const judged = new JudgedReceiver(groupId, receiver, this.truth, {
          holds: (position, body) => this.#holds(groupId, position, body, 'is delivered'),
          saw: (position) => this.#saw(groupId, position),
          toldOf: (from, head, reason) => this.#toldOf(groupId, from, head, reason),
          found: (what) => this.#found(groupId, what),
        });
        const subscription = await broker.subscribe(groupId, judged);
        judged.begin(subscription.position);
        return subscription;
      },
    };
  }

  async #publish(broker: Broker, groupId: string, message: BrokerMessage): Promise<PublishedPosition> {
    try {
      return await broker.publish(groupId, message);
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code === 'FENCED') this.options.say(`${groupId}: refused, as of who was taken over`);
      throw error;
    }
  }

  /** Somebody who stands at `from` is told that messages are lost. */
  #toldOf(groupId: string, from: LogPosition | undefined, head: LogPosition, reason: ResetReason): void {
    const line = this.truth.lineOf(groupId, head.epoch);
    const hasSeenLost = (this.#seen.get(groupId) ?? []).some((one) => line?.has(one.line, one.seq) !== true);
    if (reason === 'ahead' && !hasSeenLost) this.#found(groupId, 'is told "ahead", and has seen nothing that was lost');
    if (from !== undefined) this.#checkReason(groupId, from, head, reason);
  }

  #checkReason(groupId: string, from: LogPosition, head: LogPosition, reason: ResetReason): void {
    if (reason === 'epoch' && this.truth.isKnown(groupId, from.epoch, head.epoch))
      this.#found(groupId, `is told "epoch" at ${text(from)}, which is known where ${text(head)} is`);
    if (reason === 'trimmed' && head.seq - from.seq <= this.options.logMessagesMax)
      this.#found(groupId, `is told "trimmed" at ${text(from)}, and the log has room for what is up to ${text(head)}`);
  }

  #saw(groupId: string, { epoch, seq }: LogPosition): void {
    const line = this.truth.lineOf(groupId, epoch);
    if (line === undefined) return;
    const seen = this.#seen.get(groupId);
    if (seen === undefined) this.#seen.set(groupId, [{ line, seq }]);
    else seen.push({ line, seq });
  }

  #holds(groupId: string, { epoch, seq }: LogPosition, body: string, what: string): void {
    const there = this.truth.lineOf(groupId, epoch)?.at(seq);
    if (there === undefined) this.#found(groupId, `${seq} of ${epoch} ${what}, and no server ever had it`);
    else if (!there.includes(Buffer.from(body).toString('latin1')))
      this.#found(groupId, `${seq} of ${epoch} ${what} as ${body}, and is ${there}`);
  }

  #found(groupId: string, what: string): void {
    this.options.found(`${groupId}: ${what}`);
  }
}

interface Judging {
  holds(position: LogPosition, body: string): void;
  saw(position: LogPosition): void;
  toldOf(from: LogPosition | undefined, head: LogPosition, reason: ResetReason): void;
  found(text: string): void;
}

/** One subscription. It may be told of things before it is known where it began. */
class JudgedReceiver implements BrokerReceiver {
  #position: LogPosition | undefined;

  constructor(
    private readonly groupId: string,
    private readonly receiver: BrokerReceiver,
    private readonly truth: LogTruth,
    private readonly judging: Judging,
  ) {}

  begin(position: LogPosition): void {
    this.#position ??= { ...position };
    this.judging.saw(position);
  }

  readonly deliver: BrokerReceiver['deliver'] = (entry) => {
    if (this.#position !== undefined) {
      const { seq } = this.#position;
      if (entry.seq !== seq + 1) this.judging.found(`is delivered ${entry.seq} after ${seq}`);
      this.#position.seq = entry.seq;
      this.judging.holds(this.#position, entry.body);
      this.judging.saw(this.#position);
    }
    this.receiver.deliver(entry);
  };

  readonly reset: BrokerReceiver['reset'] = (position, reason = 'epoch') => {
    this.judging.toldOf(this.#position, position, reason);
    this.#position = { ...position };
    this.judging.saw(position);
    this.receiver.reset(position, reason);
  };

  readonly renamed = (epoch: string): void => {
    const from = this.#position;
    if (from !== undefined && !this.truth.goesOn(this.groupId, from, epoch))
      this.judging.found(`goes on from ${text(from)} in ${epoch}, which does not have that`);
    if (from !== undefined) this.#position = { epoch, seq: from.seq };
    if (this.receiver.renamed !== undefined) this.receiver.renamed(epoch);
    else this.receiver.reset(this.#position ?? { epoch, seq: 0 });
  };
}

/** Its part of the text that names it. */
const idOf = (body: string) => /"id":"[^"]*"/.exec(body)?.[0] ?? body;

const text = ({ epoch, seq }: LogPosition) => `${epoch} ${seq}`;
