import { type Link, ROOT_CONTEXT, SpanKind, type Tracer, trace } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { BatchSpanProcessor, NodeTracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace-node';

/** The SDK as docs/tracing.md has it, but that what it would send to a collector is thrown away. */
export class Spans {
  /** Those that have ended. */
  count = 0;
  readonly provider: NodeTracerProvider;

  /** @param serializes as it is done before sending. */
  constructor(serializes: boolean) {
    const exporter: SpanExporter = {
      export: (spans, done) => {
        this.count += spans.length;
        if (serializes) ProtobufTraceSerializer.serializeRequest(spans);
        done({ code: 0 });
      },
      shutdown: async () => {},
    };
    this.provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
  }
}

const REMOTE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1, isRemote: true };

/** The two spans of an echo with all that they hold, by calls to the SDK and nothing else. */
export function echoSpans(tracer: Tracer, seq: number): void {
  const parent = trace.setSpanContext(ROOT_CONTEXT, REMOTE);
  const message = tracer.startSpan('data_update', { kind: SpanKind.PRODUCER, attributes: messageAttributes(seq) }, parent);
  message.setAttributes({ 'gateway.log.epoch': 'AbCdEfGhIjKl', 'gateway.log.seq': seq });
  message.end();
  const links: Link[] = [{ context: message.spanContext() }];
  const within = trace.setSpanContext(ROOT_CONTEXT, message.spanContext());
  const delivery = tracer.startSpan('deliver', { kind: SpanKind.CONSUMER, links, attributes: deliveryAttributes(seq) }, within);
  delivery.setAttributes({ 'gateway.delivery.written': 1, 'gateway.delivery.behind': 0 });
  delivery.end();
}

function messageAttributes(seq: number) {
  return {
    'messaging.system.name': 'gateway-core',
    'messaging.operation.name': 'data_update',
    'messaging.operation.type': 'send',
    'messaging.destination.name': `g${seq % 1_000}`,
    'messaging.client.id': 'AbCdEfGhIjKlMnOpQrStUv',
    'gateway.member.id': 'AbCdEfGhIjKlMnOpQrStUv',
  };
}

function deliveryAttributes(seq: number) {
  return {
    'messaging.system.name': 'gateway-core',
    'messaging.operation.name': 'deliver',
    'messaging.operation.type': 'process',
    'messaging.destination.name': `g${seq % 1_000}`,
    'gateway.log.epoch': 'AbCdEfGhIjKl',
    'gateway.log.seq': seq,
  };
}
