import { context, type SpanContext, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { createGateway, type Gateway, type GatewayOptions } from 'gateway-core';
import { connectClient, FakeClock, type MemoryClient } from 'gateway-core/testing';
import type { DataUpdateSignal, OutgoingToClient2 } from 'gateway-protocol';
import { afterAll, onTestFinished } from 'vitest';

export const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
export const SENDER = '00f067aa0ba902b7';
/** Where a client says it. */
export const SENT = `00-${TRACE_ID}-${SENDER}-01`;
export const UNSAMPLED = `00-${TRACE_ID}-${SENDER}-00`;

/** The SDK as a process has it, but that its spans stay here. */
export class Sdk {
  readonly exporter = new InMemorySpanExporter();
  readonly provider: BasicTracerProvider;

  constructor(sampler?: Sampler) {
    this.provider = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(this.exporter)],
      ...(sampler && { sampler }),
    });
  }

  /** Those that have ended, in that order. */
  get spans(): ReadableSpan[] {
    return this.exporter.getFinishedSpans();
  }

  named(...names: string[]): ReadableSpan[] {
    return this.spans.filter(({ name }) => names.includes(name));
  }

  /** The one of a name. */
  one(name: string): ReadableSpan {
    const [span, another] = this.named(name);
    if (span === undefined || another !== undefined) throw new Error(`${this.named(name).length} spans ${name}`);
    return span;
  }
}

/** What a test compares of a span. */
export const shown = ({ name, kind, parentSpanContext, attributes, status, links }: ReadableSpan) => ({
  name,
  kind: SpanKind[kind],
  parent: parentSpanContext?.spanId,
  attributes,
  status: SpanStatusCode[status.code],
  links: links.map(({ context: { traceId, spanId } }) => ({ traceId, spanId })),
});

/** Has some methods of a store or broker answer later, as those beyond a network do. */
export function answeringLater<Part extends object>(part: Part, ...names: (keyof Part & string)[]): Part {
  for (const name of names) {
    const method = part[name] as (...args: unknown[]) => unknown;
    Object.assign(part, { [name]: async (...args: unknown[]) => method.apply(part, args) });
  }
  return part;
}

export const idOf = (span: ReadableSpan) => span.spanContext().spanId;
export const textOf = ({ traceId, spanId }: SpanContext) => `00-${traceId}-${spanId}-01`;

/** Contexts are found over promises, as in a program with the SDK for Node. */
export function withContextManager(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  afterAll(() => context.disable());
}

/** A gateway in virtual time that is closed when its test is over. */
export function setUp(options: GatewayOptions, clock = new FakeClock()) {
  const gateway: Gateway = createGateway({ clock, ...options });
  onTestFinished(async () => {
    const closing = gateway.close({ graceMs: 0 });
    await clock.advance(60_000);
    await closing;
  });
  const errors: string[] = [];
  gateway.on('error', ({ where, error }) => errors.push(`${where}: ${error}`));
  /** A client of dialect 2 that has identified. */
  const join = async (groupId: string, said: object = {}): Promise<MemoryClient<OutgoingToClient2>> => {
    const client = connectClient<OutgoingToClient2>(gateway);
    client.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', groupId }, ...said });
    await clock.settle();
    return client;
  };
  return { clock, gateway, errors, join };
}

export const say = (groupId: string, data: unknown, rest: Partial<DataUpdateSignal> = {}): DataUpdateSignal => ({
  type: 'data_update',
  groupId,
  payload: { data },
  ...rest,
});
