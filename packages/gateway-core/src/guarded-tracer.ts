import { parseTraceparent } from 'gateway-protocol';
import { isPromise, type MaybePromise } from './maybe-promise.js';
import type { MessageSpan, Tracer } from './tracer.js';

/** A tracer whose failures are reported, and stop nothing: no message is lost to its tracing, said twice, or held up by it. */
export function guardedTracer(tracer: Tracer, failed: (error: unknown, where: string) => void): Tracer {
  const report = (error: unknown) => failed(error, 'tracer');
  const guard = <T>(call: () => T): T | undefined => {
    try {
      const answer = call();
      // Nothing waits for it, so its rejection would end the process.
      if (isPromise(answer)) answer.then(undefined, report);
      return answer;
    } catch (error) {
      report(error);
      return undefined;
    }
  };
  /** It is written into frames as it is. */
  const guardedSpan = (span: MessageSpan): MessageSpan | undefined => {
    const traceparent = parseTraceparent(guard(() => span.traceparent));
    if (traceparent === undefined) {
      report(new TypeError('message: must answer a span with a traceparent, or undefined'));
      return undefined;
    }
    return {
      traceparent,
      part: (name, call) => guardedPart(span, name, call, report),
      end: (outcome) => guard(() => span.end(outcome)),
    };
  };
  return {
    sampledOnly: tracer.sampledOnly,
    message(message) {
      const span = guard(() => tracer.message(message)) ?? undefined;
      return span && guardedSpan(span);
    },
    delivery(delivery) {
      const span = guard(() => tracer.delivery(delivery)) ?? undefined;
      return span && { end: (reached) => guard(() => span.end(reached)) };
    },
  };
}

type Made<T> = { answer: MaybePromise<T> } | { thrown: unknown };

/** The call is made once, and its answer or failure is its own, whatever the tracer makes of it. */
function guardedPart<T>(
  span: MessageSpan,
  name: string,
  call: () => MaybePromise<T>,
  report: (error: unknown) => void,
): MaybePromise<T> {
  let made: Made<T> | undefined;
  const make = (): MaybePromise<T> => {
    made ??= attempt(call);
    if ('thrown' in made) throw made.thrown;
    return made.answer;
  };
  try {
    const told = span.part(name, make);
    if (isPromise(told)) told.then(undefined, (error) => reportOthers(made, error, report));
  } catch (error) {
    if (made === undefined || 'answer' in made || made.thrown !== error) report(error);
  }
  return make();
}

function attempt<T>(call: () => MaybePromise<T>): Made<T> {
  try {
    return { answer: call() };
  } catch (thrown) {
    return { thrown };
  }
}

/** The failure of the part itself is not the tracer's. */
function reportOthers(made: Made<unknown> | undefined, error: unknown, report: (error: unknown) => void): void {
  const unlessOwn = (own: unknown) => {
    if (own !== error) report(error);
  };
  if (made !== undefined && 'thrown' in made) unlessOwn(made.thrown);
  else if (made !== undefined && isPromise(made.answer)) made.answer.then(() => report(error), unlessOwn);
  else report(error);
}
