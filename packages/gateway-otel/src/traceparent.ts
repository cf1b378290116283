import type { SpanContext } from '@opentelemetry/api';

// Of version 00, as gateway-core gives it: `00-`, 32 digits, `-`, 16 digits, `-`, 2 digits.
const TRACE_ID_AT = 3;
const SPAN_ID_AT = 36;
const FLAGS_AT = 53;

/** The flags of a valid traceparent. */
export function flagsOf(traceparent: string): number {
  return Number.parseInt(traceparent.slice(FLAGS_AT), 16);
}

/** Where a valid traceparent says that somebody else is. */
export function spanContextOf(traceparent: string): SpanContext {
  return {
    traceId: traceparent.slice(TRACE_ID_AT, SPAN_ID_AT - 1),
    spanId: traceparent.slice(SPAN_ID_AT, FLAGS_AT - 1),
    traceFlags: flagsOf(traceparent),
    isRemote: true,
  };
}

/** The traceparent of a span. */
export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
