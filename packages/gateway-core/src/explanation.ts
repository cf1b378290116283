import type { LogPosition } from 'gateway-protocol';

/** Which message, and for whom, see `Gateway.explain`. */
export interface Explained {
  groupId: string;
  seq: number;
  memberId: string;
  /** Of the message's log. Default: the one that the group has now. */
  epoch?: string | undefined;
}

/**
 * What became of a message for a member:
 * - `written`: handed to the socket of its connection. What the network made of it is the client's to say, by its position.
 * - `passed_over`: it was behind, and a newer message of the same key (`latest`), or none (`volatile`), took its place.
 * - `lost`: the log no longer reached it; it was told in a `gap`.
 * - `pending`: it has not been written it yet.
 * - `unsent`: it left, or its connection ended for good, before it was written it.
 * - `before`, `after`: the message came before it joined, or was brought to another position; or after it had left.
 * - `not_published`: the log has no such message yet.
 * - `not_a_member`: it is not in the group on this gateway, nor known to have been.
 * - `other_log`: the group's log is another one now.
 * - `uncertain`: its counts say that some messages were passed over or lost, and no longer which.
 */
export type MessageFate =
  | 'written'
  | 'passed_over'
  | 'lost'
  | 'pending'
  | 'unsent'
  | 'before'
  | 'after'
  | 'not_published'
  | 'not_a_member'
  | 'other_log'
  | 'uncertain';

/** Why a member got a message, or not, as far as this gateway knows. */
export interface Explanation {
  fate: MessageFate;
  /** The same as a sentence for people; it may change. */
  text: string;
  /** Where the group's log stands; absent where this gateway does not have the group. */
  position?: LogPosition | undefined;
  /** When the message came into the log, in Unix milliseconds; absent where the log does not have it any more. */
  loggedAt?: number | undefined;
  /** Passed over: as which kind, and `seq` of the newest message of its key. */
  passedOverAs?: 'latest' | 'volatile' | undefined;
  newer?: number | undefined;
  /** Lost: what it was told, and when, in Unix milliseconds. */
  gap?: { from: number; to: number; at: number } | undefined;
  /** When the member left the group, in Unix milliseconds. */
  leftAt?: number | undefined;
  /** How its last connection ended, where it has ended, and when, in Unix milliseconds. */
  ended?: { at: number; code: number; reason: string; by: 'client' | 'gateway' | 'host' } | undefined;
}
