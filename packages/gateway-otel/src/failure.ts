import { diag, type Span, SpanStatusCode } from '@opentelemetry/api';
import { ERROR_TYPE } from './attributes.js';

/** Marks a span as failed. */
export function fail(span: Span, error: unknown): void {
  const exception = error instanceof Error ? error : String(error);
  span.recordException(exception);
  span.setAttribute(ERROR_TYPE, typeOf(error));
  span.setStatus({ code: SpanStatusCode.ERROR, message: typeof exception === 'string' ? exception : exception.message });
}

/** A code, as `GatewayError` and Node's errors have one, or the name of the class. */
function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

/** For what runs after the call that the gateway guards: what is thrown here would be nobody's to catch. */
export function quietly(task: () => void): void {
  try {
    task();
  } catch (error) {
    diag.error('gateway-otel: a span could not be ended', error);
  }
}
