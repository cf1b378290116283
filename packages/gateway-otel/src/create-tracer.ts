import { type Context, context, isSpanContextValid, ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import type { TracedMessage, Tracer } from 'gateway-core';
import { DELIVER, deliveryAttributes, GATEWAY, isPublish, messageAttributes } from './attributes.js';
import { OtelMessageSpan } from './message-span.js';
import { resolveTracerOptions, type TracerOptions } from './options.js';
import { flagsOf, spanContextOf } from './traceparent.js';
import { VERSION } from './version.js';

/**
 * Follows messages through a gateway with OpenTelemetry: a span for each message that is sampled, its hooks as children, and the calls of
 * stores and the broker that it waited for, and one for its delivery at each gateway. One tracer may serve several gateways.
 * @throws GatewayError `INVALID_OPTION`.
 * @example
 * const gateway = createGateway({ tracer: createTracer() });
 */
export function createTracer(options: TracerOptions = {}): Tracer {
  const { tracerProvider, newTraceRatio, ignoreSampledFlag, random } = resolveTracerOptions(options);
  const tracer = tracerProvider.getTracer('gateway-otel', VERSION);
  const mayBeSampled = (flags: number): boolean => ignoreSampledFlag || (flags & TraceFlags.SAMPLED) !== 0;

  /** Where a message's span begins. `undefined`: nowhere, and the sampler is not asked, for which a span would have to be made. */
  const parentOf = ({ traceparent, operation }: TracedMessage): Context | undefined => {
    if (traceparent !== undefined) {
      return mayBeSampled(flagsOf(traceparent)) ? trace.setSpanContext(ROOT_CONTEXT, spanContextOf(traceparent)) : undefined;
    }
    if (operation === 'publish') {
      // The host has called it in this turn, so what is active is the caller's.
      const active = context.active();
      const caller = trace.getSpanContext(active);
      if (caller !== undefined && isSpanContextValid(caller)) return mayBeSampled(caller.traceFlags) ? active : undefined;
    }
    return newTraceRatio > 0 && random() < newTraceRatio ? ROOT_CONTEXT : undefined;
  };

  return {
    sampledOnly: newTraceRatio === 0 && !ignoreSampledFlag,

    message(message) {
      const parent = parentOf(message);
      if (parent === undefined) return undefined;
      const kind = isPublish(message) ? SpanKind.PRODUCER : SpanKind.SERVER;
      // Groups are named by clients, too many for a span's name.
      const span = tracer.startSpan(message.operation, { kind, attributes: messageAttributes(message) }, parent);
      return span.isRecording() ? new OtelMessageSpan(tracer, span, parent) : undefined;
    },

    delivery(delivery) {
      const published = spanContextOf(delivery.traceparent);
      const attributes = deliveryAttributes(delivery);
      const parent = trace.setSpanContext(ROOT_CONTEXT, published);
      const span = tracer.startSpan(DELIVER, { kind: SpanKind.CONSUMER, links: [{ context: published }], attributes }, parent);
      if (!span.isRecording()) return undefined;
      return {
        end({ written, behind }) {
          span.setAttributes({ [GATEWAY.written]: written, [GATEWAY.behind]: behind });
          span.end();
        },
      };
    },
  };
}
