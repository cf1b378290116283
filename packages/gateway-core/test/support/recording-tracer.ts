import type { DeliverySpan, MaybePromise, MessageSpan, TracedDelivery, TracedMessage, TraceOutcome, Tracer } from 'gateway-core';

export const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
export const traceparentOf = (span: number, flags = '01') => `00-${TRACE_ID}-${String(span).padStart(16, '0')}-${flags}`;

export interface RecordedMessage extends TracedMessage {
  /** That of its span. */
  own: string;
  /** Parts in the order in which they were asked, and what they came to. */
  parts: string[];
  /** How often it has ended, and how. */
  outcomes: TraceOutcome[];
}

export interface RecordedDelivery extends TracedDelivery {
  reached: { written: number; behind: number }[];
}

/** Records what a gateway tells a tracer, and nothing of messages without the flag `sampled`. */
export class RecordingTracer implements Tracer {
  readonly messages: RecordedMessage[] = [];
  readonly deliveries: RecordedDelivery[] = [];
  /** Messages that were not recorded. */
  passedOver = 0;

  /** @param isRoot whether messages without a traceparent are recorded. */
  constructor(private readonly isRoot = false) {}

  message(message: TracedMessage): MessageSpan | undefined {
    if (message.traceparent === undefined ? !this.isRoot : !message.traceparent.endsWith('1')) {
      this.passedOver += 1;
      return undefined;
    }
    const recorded: RecordedMessage = { ...message, own: traceparentOf(1_000 + this.messages.length), parts: [], outcomes: [] };
    this.messages.push(recorded);
    return {
      traceparent: recorded.own,
      part: (name, call) => this.#part(recorded, name, call),
      end: (outcome) => recorded.outcomes.push(outcome),
    };
  }

  delivery(delivery: TracedDelivery): DeliverySpan {
    const recorded: RecordedDelivery = { ...delivery, reached: [] };
    this.deliveries.push(recorded);
    return { end: (reached) => recorded.reached.push(reached) };
  }

  #part<T>({ parts }: RecordedMessage, name: string, call: () => MaybePromise<T>): MaybePromise<T> {
    const at = parts.push(`${name}…`) - 1;
    const done = (how: string) => {
      parts[at] = how;
    };
    try {
      const answer = call();
      if (!(answer instanceof Promise)) {
        done(name);
        return answer;
      }
      answer.then(
        () => done(name),
        () => done(`${name}!`),
      );
      return answer;
    } catch (error) {
      done(`${name}!`);
      throw error;
    }
  }
}
