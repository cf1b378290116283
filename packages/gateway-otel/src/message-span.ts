import { type Context, context, type Span, type Tracer, trace } from '@opentelemetry/api';
import type { MaybePromise, MessageSpan, TraceOutcome } from 'gateway-core';
import { outcomeAttributes } from './attributes.js';
import { fail, quietly } from './failure.js';
import { traceparentOf } from './traceparent.js';

/** Parts that are the host's code, and are asked for one message alone: what they call in turn is of its trace. */
const HOOKS: ReadonlySet<string> = new Set(['authenticate', 'authorize']);

/** A message that is recorded, and its parts as children. */
export class OtelMessageSpan implements MessageSpan {
  readonly traceparent: string;

  constructor(
    private readonly tracer: Tracer,
    private readonly span: Span,
    /** That of the span. */
    private readonly context: Context,
  ) {
    this.traceparent = traceparentOf(span.spanContext());
  }

  part<T>(name: string, call: () => MaybePromise<T>): MaybePromise<T> {
    const span = this.tracer.startSpan(name, undefined, this.context);
    let answer: MaybePromise<T>;
    try {
      answer = HOOKS.has(name) ? context.with(trace.setSpan(this.context, span), call) : call();
    } catch (error) {
      fail(span, error);
      span.end();
      throw error;
    }
    if (!isPromise(answer)) {
      span.end();
      return answer;
    }
    answer.then(
      () => quietly(() => span.end()),
      (error: unknown) =>
        quietly(() => {
          fail(span, error);
          span.end();
        }),
    );
    return answer;
  }

  /** A refusal is the sender's mistake, and an answer like another: the span has its code and is no error. */
  end(outcome: TraceOutcome): void {
    this.span.setAttributes(outcomeAttributes(outcome));
    if ('error' in outcome) fail(this.span, outcome.error);
    this.span.end();
  }
}

function isPromise<T>(answer: MaybePromise<T>): answer is Promise<T> {
  return typeof (answer as Promise<T> | undefined)?.then === 'function';
}
