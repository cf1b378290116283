import { context, INVALID_SPAN_CONTEXT, ROOT_CONTEXT, type TracerProvider, trace } from '@opentelemetry/api';
import { ParentBasedSampler, SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base';
import { MemoryBroker, MemoryPresenceStore } from 'gateway-core';
import { createTracer, type TracerOptions } from 'gateway-otel';
import { describe, expect, test } from 'vitest';
import {
  answeringLater,
  idOf,
  Sdk,
  SENDER,
  SENT,
  say,
  setUp,
  shown,
  TRACE_ID,
  textOf,
  UNSAMPLED,
  withContextManager,
} from './recorded.js';

withContextManager();

const traced = (sdk = new Sdk(), options: TracerOptions = {}) => ({
  sdk,
  tracer: createTracer({ tracerProvider: sdk.provider, ...options }),
});

describe('a span is', () => {
  test.each([
    { pace: 'later', stores: ['broker.subscribe', 'presence.enter'] },
    { pace: 'at once', stores: [] },
  ])(
    'what serves an identify, a join and a presence, and its hooks and stores are in it that answer $pace',
    async ({ pace, stores }) => {
      const { sdk, tracer } = traced();
      const presence = new MemoryPresenceStore();
      const broker = new MemoryBroker();
      if (pace === 'later') {
        answeringLater(presence, 'enter');
        answeringLater(broker, 'subscribe');
      }
      const hooks = { authenticate: async () => ({ principal: 'ada' }), authorize: () => true };
      const { clock, join } = setUp({ tracer, presence, broker, ...hooks });
      const client = await join('g', { traceparent: SENT });
      client.send({ type: 'join', id: 'j', traceparent: SENT, payload: { groupId: 'h' } });
      client.send({ type: 'presence', groupId: 'h', traceparent: SENT, payload: { state: 1 } });
      client.send({ type: 'leave', traceparent: SENT, payload: { groupId: 'h' } });
      client.send({ type: 'heartbeat', traceparent: SENT });
      await clock.settle();
      const spans = sdk.named('identify', 'join', 'presence');
      expect(spans.map(shown)).toMatchObject([
        { name: 'identify', kind: 'SERVER', parent: SENDER, attributes: { 'messaging.destination.name': 'g' } },
        { name: 'join', kind: 'SERVER', parent: SENDER, attributes: { 'messaging.message.id': 'j' } },
        { name: 'presence', kind: 'SERVER', parent: SENDER, attributes: { 'gateway.member.id': expect.any(String) } },
      ]);
      // They go to nobody.
      for (const { attributes } of spans) expect(attributes).not.toHaveProperty('messaging.operation.type');
      const parts = spans.map((span) => sdk.spans.filter((part) => part.parentSpanContext?.spanId === idOf(span)));
      expect(parts.map((of) => of.map(({ name }) => name))).toEqual([
        ['authenticate', 'authorize', ...stores],
        ['authorize', ...stores],
        ['authorize'],
      ]);
      expect(sdk.spans.map((span) => span.spanContext().traceId)).toEqual(sdk.spans.map(() => TRACE_ID));
    },
  );

  test('no error where a message is refused: it has the code that the client is answered', async () => {
    const { sdk, tracer } = traced();
    const { clock, join } = setUp({ tracer, authorize: ({ action }) => action === 'join' });
    const client = await join('g');
    client.send(say('g', 1, { traceparent: SENT }));
    await clock.settle();
    expect(shown(sdk.one('data_update'))).toMatchObject({ status: 'UNSET', attributes: { 'gateway.error.code': 'FORBIDDEN' } });
    expect(shown(sdk.one('authorize'))).toMatchObject({ status: 'UNSET' });
    expect(sdk.one('data_update').events).toEqual([]);
    expect(sdk.named('deliver')).toEqual([]);
  });

  test.each<[string, () => never | Promise<never>, string, string]>([
    ['throws', () => fail(new TypeError('no database')), 'TypeError', 'no database'],
    ['throws no error', () => fail('no database'), 'string', 'no database'],
    ['throws nothing', () => fail(undefined), 'undefined', 'undefined'],
    [
      'rejects',
      () => Promise.reject(Object.assign(new Error('no database'), { code: 'ECONNREFUSED' })),
      'ECONNREFUSED',
      'no database',
    ],
    [
      'does not answer',
      () => new Promise<never>(() => {}),
      'PART_TIMEOUT',
      'authorize: no answer within timings.partTimeoutMs (10000)',
    ],
  ])('an error where the hook %s', async (_, hook, type, message) => {
    const { sdk, tracer } = traced();
    const { clock, join } = setUp({ tracer, authorize: ({ action }) => action === 'join' || hook() });
    const client = await join('g');
    client.send(say('g', 1, { traceparent: SENT }));
    await clock.advance(60_000);
    for (const name of ['authorize', 'data_update']) {
      const span = sdk.one(name);
      expect(shown(span)).toMatchObject({ status: 'ERROR', attributes: { 'error.type': type } });
      expect(span.status.message).toBe(message);
      expect(span.events).toMatchObject([{ name: 'exception', attributes: { 'exception.message': message } }]);
    }
  });

  test('an error where a store fails in the call, which would have no span had it answered', async () => {
    const { sdk, tracer } = traced();
    const broker = new MemoryBroker();
    broker.publish = () => fail(new TypeError('no log'));
    const { clock, join } = setUp({ tracer, broker });
    const client = await join('g');
    client.send(say('g', 1, { traceparent: SENT }));
    await clock.settle();
    for (const name of ['broker.publish', 'data_update']) {
      expect(shown(sdk.one(name))).toMatchObject({ status: 'ERROR', attributes: { 'error.type': 'TypeError' } });
    }
  });

  test('as long as a store took, although it is made when that has been asked', async () => {
    const { sdk, tracer } = traced();
    const { clock, join } = setUp({ tracer, broker: answeringLater(new MemoryBroker(), 'publish') });
    const client = await join('g');
    client.send(say('g', 1, { traceparent: SENT }));
    await clock.settle();
    const [part, message] = [sdk.one('broker.publish'), sdk.one('data_update')];
    expect(toMs(part.startTime)).toBeGreaterThanOrEqual(toMs(message.startTime));
    // The SDK's own beginnings are whole milliseconds.
    expect(toMs(part.endTime)).toBeLessThanOrEqual(toMs(message.endTime) + 1);
    expect(toMs(part.duration)).toBeGreaterThan(0);
    expect(toMs(part.duration)).toBeLessThanOrEqual(toMs(message.duration));
    expect(shown(part)).toMatchObject({ parent: idOf(message), status: 'UNSET' });
  });

  test('marked where the message was accepted before', async () => {
    const { sdk, tracer } = traced();
    const { clock, join } = setUp({ tracer });
    const client = await join('g');
    for (let i = 0; i < 2; i++) client.send(say('g', i, { id: 'm', traceparent: SENT }));
    await clock.settle();
    const positions = sdk
      .named('data_update')
      .map(({ attributes }) => [attributes['gateway.log.seq'], attributes['gateway.log.duplicate']]);
    expect(positions).toEqual([
      [1, undefined],
      [1, true],
    ]);
    expect(sdk.named('deliver')).toHaveLength(1);
  });

  test('made by gateway-otel, at its version', async () => {
    const { sdk, tracer } = traced();
    const { gateway } = setUp({ tracer });
    await gateway.publish('g', 1, { traceparent: SENT });
    const { default: manifest } = await import('../package.json', { with: { type: 'json' } });
    expect(sdk.one('publish').instrumentationScope).toMatchObject({ name: 'gateway-otel', version: manifest.version });
  });
});

/** The SDK's times are pairs of seconds and nanoseconds. */
const toMs = ([seconds, nanoseconds]: [number, number]) => seconds * 1e3 + nanoseconds / 1e6;

function fail(thrown: unknown): never {
  throw thrown;
}

/** Answers what a sampler is asked about, and what came of it. */
async function asked(options: TracerOptions, ...traceparents: (string | undefined)[]) {
  let questions = 0;
  const sampler = {
    shouldSample: () => {
      questions += 1;
      return { decision: SamplingDecision.RECORD_AND_SAMPLED };
    },
  };
  const { sdk, tracer } = traced(new Sdk(sampler), options);
  const { clock, gateway, join } = setUp({ tracer });
  const client = await join('g');
  sdk.exporter.reset();
  questions = 0;
  for (const traceparent of traceparents) client.send(say('g', traceparent ?? null, { traceparent }));
  for (const traceparent of traceparents) await gateway.publish('g', 1, { traceparent });
  await clock.settle();
  return { questions, spans: sdk.named('data_update', 'publish') };
}

describe('sampling', () => {
  test('by default the sampler is asked about messages with a sampled parent alone', async () => {
    expect(await asked({}, UNSAMPLED, undefined)).toEqual({ questions: 0, spans: [] });
    // Message and delivery, of a client and of the host.
    expect(await asked({}, SENT)).toMatchObject({ questions: 4, spans: [{ name: 'data_update' }, { name: 'publish' }] });
  });

  test.each(['02', '0a', 'fe', '03', '0b', 'ff'])('the flag is the lowest bit of %s', async (flags) => {
    const { spans } = await asked({}, SENT.slice(0, -2) + flags);
    expect(spans).toHaveLength(Number.parseInt(flags, 16) % 2 === 1 ? 2 : 0);
  });

  test('where the sampler says no, receivers are told what the sender said, and it is asked about the delivery too', async () => {
    const { sdk, tracer } = traced(
      new Sdk(
        new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0), remoteParentSampled: new TraceIdRatioBasedSampler(0) }),
      ),
    );
    const { clock, join } = setUp({ tracer });
    const client = await join('g');
    client.send(say('g', 1, { traceparent: SENT }));
    await clock.settle();
    expect(client.updates).toMatchObject([{ traceparent: SENT }]);
    expect(sdk.spans).toEqual([]);
    expect(tracer.delivery({ traceparent: SENT, groupId: 'g', epoch: 'e', seq: 1 })).toBeUndefined();
  });

  test.each<[TracerOptions, boolean]>([
    [{}, true],
    [{ ignoreSampledFlag: true }, false],
    [{ newTraceRatio: 0.1 }, false],
  ])('with %j the gateway itself passes over what is not sampled: %s', (options, sampledOnly) => {
    expect(createTracer(options).sampledOnly).toBe(sampledOnly);
  });

  test('a flag may be left to the sampler', async () => {
    const { spans } = await asked({ ignoreSampledFlag: true }, UNSAMPLED);
    expect(spans.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual([SENDER, SENDER]);
  });

  test('a share of the messages without a traceparent begin a trace', async () => {
    // For the identify, and what is published after it.
    const drawn = [0.3, 0.29, 0.29, 0.3];
    const { sdk, tracer } = traced(new Sdk(), { newTraceRatio: 0.3, random: () => drawn.shift() as number });
    const { clock, gateway, join } = setUp({ tracer });
    const client = await join('g');
    client.send(say('g', 1));
    await gateway.publish('g', 2);
    await gateway.publish('g', 3);
    await clock.settle();
    const begun = sdk.named('data_update', 'publish', 'identify');
    expect(begun.map(({ name }) => name)).toEqual(['data_update', 'publish']);
    for (const span of begun) expect(span.parentSpanContext).toBeUndefined();
    expect(client.updates.map(({ traceparent }) => traceparent)).toEqual([
      ...begun.map((span) => textOf(span.spanContext())),
      undefined,
    ]);
    expect(new Set(sdk.spans.map((span) => span.spanContext().traceId)).size).toBe(2);
  });

  test.each([0, 1])('a share of %s is none or all', async (newTraceRatio) => {
    for (const value of [0, 1 - Number.EPSILON / 2]) {
      const { spans } = await asked({ newTraceRatio, random: () => value }, undefined);
      expect(spans).toHaveLength(2 * newTraceRatio);
    }
  });

  test('what is active where a client’s message is handled is not its sender’s, and what is active and none is nobody’s', async () => {
    const { sdk, tracer } = traced(new Sdk(), { newTraceRatio: 1 });
    const { clock, gateway, join } = setUp({ tracer });
    const client = await join('g');
    const another = sdk.provider.getTracer('app').startSpan('another');
    await context.with(trace.setSpan(ROOT_CONTEXT, another), async () => {
      client.send(say('g', 1));
      await clock.settle();
    });
    expect(shown(sdk.one('data_update')).parent).toBeUndefined();
    await context.with(trace.setSpanContext(ROOT_CONTEXT, INVALID_SPAN_CONTEXT), () => gateway.publish('g', 2));
    expect(shown(sdk.one('publish')).parent).toBeUndefined();
  });

  test('what is recorded for this process alone is followed, and not passed on as sampled', async () => {
    const { sdk, tracer } = traced(new Sdk({ shouldSample: () => ({ decision: SamplingDecision.RECORD }) }));
    const { clock, join } = setUp({ tracer });
    const client = await join('g');
    client.send(say('g', 1, { traceparent: SENT }));
    await clock.settle();
    const traceparent = client.updates[0]?.traceparent;
    expect(traceparent).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
    expect(traceparent).not.toContain(SENDER);
    expect(sdk.spans).toEqual([]);
  });
});

test('without an SDK nothing is recorded, and one that is registered later is used', async () => {
  const tracer = createTracer();
  const { clock, join } = setUp({ tracer });
  const client = await join('g');
  client.send(say('g', 1, { traceparent: SENT }));
  await clock.settle();
  const sdk = new Sdk();
  trace.setGlobalTracerProvider(sdk.provider);
  client.send(say('g', 2, { traceparent: SENT }));
  await clock.settle();
  trace.disable();
  expect(client.updates).toMatchObject([{ traceparent: SENT }, { traceparent: textOf(sdk.one('data_update').spanContext()) }]);
});

test('an SDK that cannot start a span is reported, and no message is lost to it', async () => {
  const provider = { getTracer: () => ({ startSpan: () => fail(new Error('no collector')) }) } as unknown as TracerProvider;
  const { clock, errors, join, gateway } = setUp({ tracer: createTracer({ tracerProvider: provider }), authorize: () => true });
  const client = await join('g', { traceparent: SENT });
  client.send(say('g', 1, { traceparent: SENT }));
  await gateway.publish('g', 2, { traceparent: SENT });
  await clock.settle();
  expect(client.data).toEqual([1, 2]);
  expect(new Set(errors)).toEqual(new Set(['tracer: Error: no collector']));
});

test.each(['at once', 'later'])(
  'an SDK whose spans cannot be ended loses no message, and no answer of a part that comes %s',
  async (pace) => {
    const sdk = new Sdk();
    const tracer = sdk.provider.getTracer('x');
    const provider: TracerProvider = {
      getTracer: () => ({
        ...tracer,
        startActiveSpan: tracer.startActiveSpan,
        startSpan: (...args) => Object.assign(tracer.startSpan(...args), { end: () => fail(new Error('no collector')) }),
      }),
    };
    const { clock, join, errors, gateway } = setUp({
      tracer: createTracer({ tracerProvider: provider }),
      authorize: () => (pace === 'at once' ? true : Promise.resolve(true)),
    });
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', onUnhandled);
    const client = await join('g', { traceparent: SENT });
    client.send(say('g', 1, { traceparent: SENT }));
    await gateway.publish('g', 2, { traceparent: SENT });
    await clock.settle();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', onUnhandled);
    expect(client.data.sort()).toEqual([1, 2]);
    expect(unhandled).toEqual([]);
    expect(new Set(errors)).toEqual(new Set(['tracer: Error: no collector']));
  },
);

test('one tracer serves several gateways', async () => {
  const { sdk, tracer } = traced();
  for (const groupId of ['a', 'b']) await setUp({ tracer }).gateway.publish(groupId, 1, { traceparent: SENT });
  expect(sdk.named('publish').map(({ attributes }) => attributes['messaging.destination.name'])).toEqual(['a', 'b']);
});
