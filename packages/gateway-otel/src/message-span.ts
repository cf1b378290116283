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
  /** That of the span. Most messages ask no part that needs it. */
  #context: Context | undefined;

  constructor(
    private readonly tracer: Tracer,
    private readonly span: Span,
    /** Where the span was begun. */
    private readonly parent: Context,
  ) {
    this.traceparent = traceparentOf(span.spanContext());
  }

  part<T>(name: string, call: () => MaybePromise<T>): MaybePromise<T> {
    return HOOKS.has(name) ? this.#hook(name, call) : this.#store(name, call);
  }

  /** A refusal is the sender's mistake, and an answer like another: the span has its code and is no error. */
  end(outcome: TraceOutcome): void {
    this.span.setAttributes(outcomeAttributes(outcome));
    if ('error' in outcome) fail(this.span, outcome.error);
    this.span.end();
  }

  #hook<T>(name: string, call: () => MaybePromise<T>): MaybePromise<T> {
    const within = this.#within();
    const span = this.tracer.startSpan(name, undefined, within);
    let answer: MaybePromise<T>;
    try {
      answer = context.with(trace.setSpan(within, span), call);
    } catch (error) {
      fail(span, error);
      span.end();
      throw error;
    }
    if (isPromise(answer)) endWith(answer, span);
    else span.end();
    return answer;
  }

  /** One that has answered in the call, as those in memory do, has taken no time: there is nothing to see. Where it failed there is. */
  #store<T>(name: string, call: () => MaybePromise<T>): MaybePromise<T> {
    const startTime = Date.now();
    const askedAt = performance.now();
    // As the SDK has it: a beginning in whole milliseconds, and what it took by the finer clock.
    const endTime = () => startTime + performance.now() - askedAt;
    let answer: MaybePromise<T>;
    try {
      answer = call();
    } catch (error) {
      const span = this.tracer.startSpan(name, { startTime }, this.#within());
      fail(span, error);
      span.end(endTime());
      throw error;
    }
    if (isPromise(answer)) endWith(answer, this.tracer.startSpan(name, { startTime }, this.#within()), endTime);
    return answer;
  }

  #within(): Context {
    this.#context ??= trace.setSpan(this.parent, this.span);
    return this.#context;
  }
}

/** Ends a span when its call has been answered. @param endTime by which clock; the SDK's, where it began by that. */
function endWith(answer: Promise<unknown>, span: Span, endTime?: () => number): void {
  answer.then(
    () => quietly(() => span.end(endTime?.())),
    (error: unknown) =>
      quietly(() => {
        fail(span, error);
        span.end(endTime?.());
      }),
  );
}

function isPromise<T>(answer: MaybePromise<T>): answer is Promise<T> {
  return typeof (answer as Promise<T> | undefined)?.then === 'function';
}
