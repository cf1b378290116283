import type { LogPosition, ResumeSince } from 'gateway-protocol';
import type { Broker, BrokerHistory } from '../broker/broker.js';
import type { Limits } from '../limits.js';
import { isPromise, type MaybePromise, whenKnown } from '../maybe-promise.js';
import type { PartTimeouts } from '../part-timeouts.js';
import type { MessageSpan } from '../tracer.js';
import type { Group } from './group.js';

/** Lets the logs of groups reach back to what the broker still has of them. */
export class Reaching {
  /** What the broker is asked for of what comes before a log: everything after `seq`. */
  readonly #underWay = new Map<Group, { readonly epoch: string; readonly seq: number; readonly answer: Promise<void> }>();

  constructor(
    private readonly broker: Broker,
    private readonly limits: Limits,
    private readonly timeouts: PartTimeouts,
    private readonly failed: (error: unknown, where: string) => void,
  ) {}

  /**
   * Lets a group's log reach back to a position, or where it cannot, as many messages as a tail asks for: where the broker has what is missing
   * and the log has room for it. Whether it does then is the log's to say: a failure of the broker is reported, and leaves the log as it is.
   */
  reach(group: Group, { epoch, seq, tail }: ResumeSince, span?: MessageSpan): MaybePromise<void> {
    const reaching = epoch === undefined || seq === undefined ? undefined : this.#reachTo(group, { epoch, seq }, span);
    if (tail === undefined) return reaching;
    return whenKnown(reaching, () => {
      const { position } = group;
      if (seq !== undefined && epoch === position.epoch && seq >= group.firstSeq - 1) return;
      const count = Math.min(tail, this.limits.logMessagesMax);
      return this.#reachTo(group, { epoch: position.epoch, seq: Math.max(position.seq - count, 0) }, span);
    });
  }

  #reachTo(group: Group, { epoch, seq }: LogPosition, span: MessageSpan | undefined): MaybePromise<void> {
    // Of another epoch only the broker knows whether that was this log.
    const isOther = group.position.epoch !== epoch;
    const missing = group.firstSeq - 1 - seq;
    if (this.broker.retainsHistory === false || (missing <= 0 && !isOther)) return;
    // What the log could not hold is not asked for.
    if (missing > this.limits.logMessagesMax - group.logSize.messages && !isOther) return;
    return this.#ask(group, { epoch, seq }, Math.max(missing, 1), span);
  }

  #ask(group: Group, { epoch, seq }: LogPosition, missing: number, span: MessageSpan | undefined): MaybePromise<void> {
    const underWay = this.#underWay.get(group);
    if (underWay !== undefined && underWay.epoch === epoch && underWay.seq <= seq) return underWay.answer;
    try {
      const history = this.timeouts.ask(span, 'broker.history', () =>
        this.broker.history(group.groupId, { epoch, seq }, missing),
      );
      if (!isPromise(history)) return this.#prepend(group, { epoch, seq }, history);
      return this.#later(group, { epoch, seq }, history);
    } catch (error) {
      this.failed(error, 'broker.history');
    }
  }

  #later(group: Group, since: LogPosition, history: Promise<BrokerHistory>): Promise<void> {
    const answer = history
      .then((answered) => this.#prepend(group, since, answered))
      .catch((error: unknown) => {
        // Once the group is forgotten, as at the end of the gateway, nobody waits for it any more.
        if (group.state !== 'forgotten') this.failed(error, 'broker.history');
      })
      .then(() => {
        if (this.#underWay.get(group)?.answer === answer) this.#underWay.delete(group);
      });
    this.#underWay.set(group, { ...since, answer });
    return answer;
  }

  /** The group may have been forgotten meanwhile, and its log may have begun anew. */
  #prepend(group: Group, { epoch, seq }: LogPosition, { entries, lost, head }: BrokerHistory): void {
    if (group.state === 'forgotten' || group.position.epoch !== head.epoch) return;
    if (epoch !== head.epoch && lost !== 'epoch') group.learn(epoch, lost === 'ahead' ? -1 : seq);
    if (entries !== undefined) group.prepend(entries);
  }
}
