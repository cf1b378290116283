import { type Context, context, createContextKey, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { type Client, createClient, type Message } from 'gateway-client';
import { type GatewayOptions, MemoryBroker, MemoryMemberStore, MemoryPresenceStore, MemorySessionStore } from 'gateway-core';
import { FakeClock, memoryWebSocket } from 'gateway-core/testing';
import { createTracer } from 'gateway-otel';
import { expect, onTestFinished, test } from 'vitest';
import { answeringLater, idOf, Sdk, setUp, shown, textOf, withContextManager } from './recorded.js';

withContextManager();

/** Three programs, each with an SDK of its own: two gateways that share their stores, and an application with a client. */
function world() {
  const clock = new FakeClock();
  const shared = {
    broker: new MemoryBroker({ clock }),
    presence: new MemoryPresenceStore({ clock }),
    members: new MemoryMemberStore({ clock }),
    sessions: new MemorySessionStore({ clock }),
  };
  const gatewayOf = (sdk: Sdk, options: GatewayOptions = {}) =>
    setUp({ ...shared, tracer: createTracer({ tracerProvider: sdk.provider }), ...options }, clock);
  const clientOf = async (at: ReturnType<typeof gatewayOf>): Promise<Client> => {
    const client = createClient({ url: 'ws://gateway/rt', WebSocket: memoryWebSocket(at.gateway), clock });
    onTestFinished(() => client.close());
    void client.connect();
    await clock.advance(0);
    return client;
  };
  return { clock, shared, gatewayOf, clientOf };
}

test('a message is followed from a client through two gateways to another', async () => {
  const { clock, shared, gatewayOf, clientOf } = world();
  const [app, first, second] = [new Sdk(), new Sdk(), new Sdk()];
  const hooked: (string | undefined)[] = [];
  let inBroker: Context | undefined;
  const publish = shared.broker.publish.bind(shared.broker);
  shared.broker.publish = (...args) => {
    inBroker = context.active();
    return publish(...args);
  };
  answeringLater(shared.broker, 'publish');
  answeringLater(shared.sessions, 'upsert');
  const here = gatewayOf(first, {
    authorize: async ({ action }) => {
      if (action === 'publish') {
        // A hook waits for a database, say, and goes on in its span.
        await Promise.resolve();
        hooked.push(trace.getSpanContext(context.active())?.spanId);
      }
      return true;
    },
  });
  const there = gatewayOf(second);
  const sender = (await clientOf(here)).join<string>('g');
  const receiver = (await clientOf(there)).join<string>('g');
  const heard: Message<string>[] = [];
  receiver.on('message', (message) => heard.push(message));
  await clock.advance(0);

  const click = app.provider.getTracer('app').startSpan('click', { kind: SpanKind.CLIENT });
  const ack = sender.publish('hello', {
    traceparent: textOf(click.spanContext()),
    sessionId: 's',
    meta: { label: 'call' },
    traceId: 'order-7',
  });
  await clock.advance(0);
  click.end();
  const { epoch, seq, id } = await ack;

  const { traceId } = click.spanContext();
  const clicked = app.one('click');
  const published = first.one('data_update');
  expect(shown(published)).toMatchObject({
    kind: 'PRODUCER',
    parent: idOf(clicked),
    status: 'UNSET',
    links: [],
    attributes: {
      'messaging.system.name': 'gateway-core',
      'messaging.operation.name': 'data_update',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'g',
      'messaging.message.id': id,
      'messaging.message.conversation_id': 'order-7',
      'messaging.client.id': here.gateway.connections()[0]!.connectionId,
      'gateway.member.id': heard[0]!.from,
      'gateway.log.epoch': epoch,
      'gateway.log.seq': seq,
    },
  });
  // What the message waited for, in its order.
  const parts = first.spans.filter((span) => span.parentSpanContext?.spanId === idOf(published) && span.name !== 'deliver');
  expect(parts.map((span) => [span.name, SpanKind[span.kind]])).toEqual([
    ['authorize', 'INTERNAL'],
    ['sessions', 'INTERNAL'],
    ['broker.publish', 'INTERNAL'],
  ]);
  expect(hooked).toEqual([idOf(parts[0]!)]);
  expect(trace.getSpanContext(inBroker as Context)).toBeUndefined();

  for (const sdk of [first, second]) {
    expect(shown(sdk.one('deliver'))).toEqual({
      name: 'deliver',
      kind: 'CONSUMER',
      parent: idOf(published),
      links: [{ traceId, spanId: idOf(published) }],
      status: 'UNSET',
      attributes: {
        'messaging.system.name': 'gateway-core',
        'messaging.operation.name': 'deliver',
        'messaging.operation.type': 'process',
        'messaging.destination.name': 'g',
        'gateway.log.epoch': epoch,
        'gateway.log.seq': seq,
        'gateway.delivery.written': 1,
        'gateway.delivery.behind': 0,
      },
    });
  }
  expect(second.spans.map(({ name }) => name)).toEqual(['deliver']);
  const all = [...app.spans, ...first.spans, ...second.spans];
  expect(new Set(all.map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));
  expect(all).toHaveLength(7);
  // A receiver can go on from there.
  expect(heard).toMatchObject([{ data: 'hello', traceparent: textOf(published.spanContext()) }]);
  expect([here.errors, there.errors]).toEqual([[], []]);
});

test('one whose sender is not sampled has no span at either gateway, and comes with what its sender said', async () => {
  const { clock, gatewayOf, clientOf } = world();
  const [first, second] = [new Sdk(), new Sdk()];
  const here = gatewayOf(first, { authorize: () => true });
  const there = gatewayOf(second);
  const sender = (await clientOf(here)).join<string>('g');
  const receiver = (await clientOf(there)).join<string>('g');
  const heard: Message<string>[] = [];
  receiver.on('message', (message) => heard.push(message));
  await clock.advance(0);
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';
  void sender.publish('hello', { traceparent });
  void sender.publish('again');
  await clock.advance(0);
  expect(heard.map((message) => message.traceparent)).toEqual([traceparent, undefined]);
  expect([...first.spans, ...second.spans]).toEqual([]);
});

test('a host that publishes within a span has the message in its trace, with what else it has in its context', async () => {
  const { clock, gatewayOf, clientOf } = world();
  const sdk = new Sdk();
  const here = gatewayOf(sdk);
  const receiver = (await clientOf(here)).join<string>('g');
  const heard: Message<string>[] = [];
  receiver.on('message', (message) => heard.push(message));
  await clock.advance(0);
  const request = sdk.provider.getTracer('host').startSpan('POST /orders', { kind: SpanKind.SERVER });
  const within = trace.setSpan(ROOT_CONTEXT.setValue(createContextKey('host'), 1), request);
  await context.with(within, () => here.gateway.publish('g', 'hello'));
  await here.gateway.publish('g', 'alone');
  await clock.advance(0);
  request.end();
  const published = sdk.one('publish');
  expect(shown(published)).toMatchObject({ kind: 'PRODUCER', parent: idOf(sdk.one('POST /orders')), status: 'UNSET' });
  expect(shown(sdk.one('deliver'))).toMatchObject({ parent: idOf(published) });
  expect(heard.map(({ traceparent }) => traceparent)).toEqual([textOf(published.spanContext()), undefined]);
});

test('what a hook publishes is in the trace of the message that it was asked for', async () => {
  const { clock, gatewayOf, clientOf } = world();
  const sdk = new Sdk();
  const here = gatewayOf(sdk, {
    authorize: async ({ action, groupId }) => {
      if (action === 'publish' && groupId === 'g') await here.gateway.publish('audit', 'somebody publishes');
      return true;
    },
  });
  const sender = (await clientOf(here)).join<string>('g');
  await clock.advance(0);
  void sender.publish('hello', { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' });
  await clock.advance(0);
  expect(shown(sdk.one('publish')).parent).toBe(idOf(sdk.one('authorize')));
  expect(shown(sdk.one('authorize')).parent).toBe(idOf(sdk.one('data_update')));
});
