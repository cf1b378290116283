import type { LogPosition } from 'gateway-protocol';
import type { MaybePromise } from './maybe-promise.js';

/** What is asked of the gateway, where it may be traced. */
export interface TracedMessage {
  /** The type of a client's message, or `publish`: the host calls `gateway.publish`. */
  operation: 'identify' | 'join' | 'presence' | 'data_update' | 'publish';
  /**
   * Where in a trace it was said, as W3C Trace Context, version `00`. Its own; a connection's first `identify` without one has that of the
   * upgrade request.
   */
  traceparent: string | undefined;
  groupId: string | undefined;
  /** `id` and `traceId` of its envelope. */
  id: string | undefined;
  traceId: string | undefined;
  /** Absent for `publish`. */
  connectionId?: string | undefined;
  /** Who it is so far. */
  memberId?: string | undefined;
}

/** What has become of a message. Nothing of it: it was accepted. */
export interface TraceOutcome {
  /** Of one that was published; `duplicate` where the log had it already. */
  position?: (LogPosition & { duplicate?: true | undefined }) | undefined;
  /** It was refused with this error code. */
  refused?: string | undefined;
  /** The gateway, or a part of it, failed. */
  error?: unknown;
}

/** The span of a message. Called in this order: `traceparent`, `part` any number of times, `end` once. */
export interface MessageSpan {
  /** The span's own place in its trace, W3C Trace Context, version `00`: receivers get it instead of the sender's. */
  readonly traceparent: string;
  /**
   * Makes a call to a part in a child span, and answers as the call does.
   * @param name `authenticate`, `authorize`, or a store's or the broker's name and its method, as in `metrics().durations`.
   */
  part<T>(name: string, call: () => MaybePromise<T>): MaybePromise<T>;
  end(outcome: TraceOutcome): void;
}

/** A message of a group that is about to be written to its members on this gateway. */
export interface TracedDelivery extends LogPosition {
  /** That of the message, with the flag `sampled`. It may be kept: it holds nothing of the message in memory. */
  traceparent: string;
  groupId: string;
}

/** The span of the writes of one message to a group's members on this gateway. */
export interface DeliverySpan {
  /**
   * Everybody who keeps up was written to.
   * @param reached how many members are past the message, and how many are still behind it, for their sockets are full.
   */
  end(reached: { written: number; behind: number }): void;
}

/** Follows messages through a gateway; `gateway-otel` has one. `undefined`: not recorded, and nothing more is asked. What it throws is reported. */
export interface Tracer {
  /**
   * Whether it is told of those messages of clients alone whose `traceparent` has the flag `sampled`: nothing is gathered for the others.
   * Default `false`.
   */
  readonly sampledOnly?: boolean | undefined;
  /** A message is about to be acted on. */
  message(message: TracedMessage): MessageSpan | undefined;
  /** One that was recorded where it was published is about to be written to who is in its group here. Once for each message and gateway. */
  delivery(delivery: TracedDelivery): DeliverySpan | undefined;
}

/** Calls a part in a span of a message's trace, where that is recorded. */
export function asPart<T>(span: MessageSpan | undefined, name: string, call: () => MaybePromise<T>): MaybePromise<T> {
  return span === undefined ? call() : span.part(name, call);
}
