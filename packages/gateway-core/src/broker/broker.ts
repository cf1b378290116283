import type { DeliveryMode, LogPosition, ResetReason } from 'gateway-protocol';
import type { MaybePromise } from '../maybe-promise.js';

/** A message on its way into a group's log. */
export interface BrokerMessage {
  /**
   * The JSON text of a `data_update` without its opening `{"type":"data_update","seq":N,`: each gateway puts that in front when it makes
   * the frame, because only the broker knows `seq`.
   */
  body: string;
  /** As in the text. Absent: `reliable`. */
  delivery?: DeliveryMode | undefined;
  /** As in the text; there where `delivery` is `latest`. */
  key?: string | undefined;
  /**
   * Makes a repeat harmless: a message whose key the group's log still has is not appended again. A key counts in its group only, whoever
   * it comes from: who makes keys for several senders puts the sender into them. A text of its own, no slice of a longer one: it is kept.
   */
  idempotencyKey?: string | undefined;
  /** Who says it, where the broker `fencesMembers`: it is refused where another gateway has the member by now. */
  fence?: MemberFence | undefined;
}

/** The member that a message is said by, as the gateway knows it that publishes the message. */
export interface MemberFence {
  readonly memberId: string;
  /** Of `StoredMember`. */
  readonly generation: number;
}

/** A message in a group's log. */
export interface BrokerEntry extends Omit<BrokerMessage, 'idempotencyKey' | 'fence'> {
  /** Its position, from 1. */
  seq: number;
}

/** Where in a group's log a published message is. */
export interface PublishedPosition extends LogPosition {
  /** There where the log had a message with the same `idempotencyKey`: this is where that one is, and nothing was appended. */
  duplicate?: true | undefined;
}

/** What `history` answers. */
export type BrokerHistory =
  | {
      entries: BrokerEntry[];
      lost?: undefined;
      /** Where the log stands: at the last of the entries, or after it where there are more than were asked for. */
      head: LogPosition;
    }
  | {
      /** `epoch`: it is another log than that of the position. `trimmed`: it no longer reaches back. `ahead`: it does not go that far. */
      lost: ResetReason;
      entries?: undefined;
      /** Where the log stands, which is what there is to go on from. */
      head: LogPosition;
    };

/** Where a gateway takes a group's entries. */
export interface BrokerReceiver {
  /**
   * The next entry. In `seq` order, without holes, each once. It may come before or after `publish` answers. One that the gateway's log
   * has already is ignored; any other that does not follow is reported (`error` event), and the log begins anew just before it, as after
   * a `reset`.
   */
  deliver(entry: BrokerEntry): void;
  /**
   * The log was lost: `position` is where the new one stands. What was not delivered before will never be.
   * @param reason as `history` would answer of what was delivered last. Default: `epoch`.
   */
  reset(position: LogPosition, reason?: ResetReason): void;
  /**
   * The log goes on under another epoch, and nothing is lost: the entries delivered so far have the same `seq` in both. A broker calls
   * `reset` where a receiver has no such method.
   */
  renamed?(epoch: string): void;
}

/** The delivery of one group's entries to one receiver. */
export interface BrokerSubscription {
  /** Where the log stood when the subscription began: the first entry delivered has the `seq` after it. */
  position: LogPosition;
  /** Ends it: nothing is delivered after the call. What it throws or rejects with is reported. */
  unsubscribe(): MaybePromise<void>;
}

/**
 * Gives the messages of a group one order, over all gateways that share it.
 * Messages that one gateway publishes to one group get their `seq` in the order of the calls. `brokerContract` of
 * `gateway-core/testing` holds an implementation to this.
 */
export interface Broker {
  /**
   * Whether `history` can give what was published while nobody was subscribed. Default `true`. Where it is `false`, a gateway subscribes
   * to each group that it publishes to, so that its own log holds the message; else a publish is nothing but a publish.
   */
  readonly retainsHistory?: boolean | undefined;
  /**
   * Whether it keeps its logs where the member store has its members, and refuses a message whose `fence` is of an earlier generation than
   * the one in which another gateway has taken the member over. Default `false`: no message has a fence then. A gateway may hear of such a
   * takeover late. A broker and a store in the memory of one process need none: there everybody is told at once.
   */
  readonly fencesMembers?: boolean | undefined;
  /**
   * Appends a message to the group's log and answers where. Every subscribed gateway, this one included, gets the entry delivered.
   * A message with an `idempotencyKey` that the log has is not appended: the answer is the first one's position, as `duplicate`, and
   * nothing is delivered. Whether it has it and which `seq` comes next are decided in one step, so of two at once one is appended. A key
   * is remembered for at least as long as `history` reaches back to its message, within a bound that the broker sets.
   * It is called again before it has answered: `limits.publishesInFlightMax` times for one client.
   * Where the message's `fence` does not hold any more, it rejects with an error whose `code` is `FENCED`: the message is not in the log, and
   * will not be. A member that the store does not know has no fence: a store that has lost its members is told of them again, and what they
   * say meanwhile is not lost.
   */
  publish(groupId: string, message: BrokerMessage): MaybePromise<PublishedPosition>;
  /** Begins delivery of a group's entries. */
  subscribe(groupId: string, receiver: BrokerReceiver): MaybePromise<BrokerSubscription>;
  /** The entries after `since`, oldest first, `limit` at most; or why the log cannot give them without a hole. */
  history(groupId: string, since: LogPosition, limit: number): MaybePromise<BrokerHistory>;
  /** Frees what the broker holds open. Called by whoever made the broker, after the gateways that use it have closed. */
  close?(): MaybePromise<void>;
}
