import type { MaybePromise } from './maybe-promise.js';
import type { DeliverySpan, MessageSpan, Tracer } from './tracer.js';

/** A tracer whose failures are reported, and stop nothing: no message is lost to its tracing. */
export function guardedTracer(tracer: Tracer, failed: (error: unknown, where: string) => void): Tracer {
  const guard = <T>(call: () => T): T | undefined => {
    try {
      return call();
    } catch (error) {
      failed(error, 'tracer');
      return undefined;
    }
  };
  const guardedSpan = (span: MessageSpan): MessageSpan => ({
    traceparent: span.traceparent,
    part: (name, call) => guardedPart(span, name, call, (error) => failed(error, 'tracer')),
    end: (outcome) => guard(() => span.end(outcome)),
  });
  const guardedDelivery = (span: DeliverySpan): DeliverySpan => ({ end: (reached) => guard(() => span.end(reached)) });
  return {
    sampledOnly: tracer.sampledOnly,
    message(message) {
      const span = guard(() => tracer.message(message));
      return span && guardedSpan(span);
    },
    delivery(delivery) {
      const span = guard(() => tracer.delivery(delivery));
      return span && guardedDelivery(span);
    },
  };
}

/** The call is made once, and its answer or failure is its own, wherever the tracer fails. */
function guardedPart<T>(
  span: MessageSpan,
  name: string,
  call: () => MaybePromise<T>,
  failed: (error: unknown) => void,
): MaybePromise<T> {
  let made: { answer: MaybePromise<T> } | { thrown: unknown } | undefined;
  try {
    return span.part(name, () => {
      try {
        const answer = call();
        made = { answer };
        return answer;
      } catch (thrown) {
        made = { thrown };
        throw thrown;
      }
    });
  } catch (error) {
    if (made === undefined || 'answer' in made || made.thrown !== error) failed(error);
    if (made === undefined) return call();
    if ('thrown' in made) throw made.thrown;
    return made.answer;
  }
}
