import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { createTracer } from 'gateway-otel';
import { echoSpans, Spans } from './spans.js';
import type { Load } from './subject.js';
import { COUNTING, type Switched, TRACING } from './switched.js';

/** A switched build under a load. */
export interface Prepared {
  /** Publishes the messages of one block. */
  run(on: boolean): Promise<void>;
  /** What belongs to the block and is done at its end. */
  settle?(): Promise<void>;
  /** Before the first block, beside running: has V8 compile what is rare. */
  warmUp?(): Promise<void>;
  /** @throws Error where not everything was done that the name says. */
  check(): void;
}

/** What is measured, with and without. */
export interface Comparison {
  name: string;
  load: Load;
  switched: readonly Switched[];
  prepare(module: typeof import('./subject.js'), load: Load): Promise<Prepared>;
}

const ECHO: Load = { groups: 1_000, membersPerGroup: 1, messagesPerTurn: 100, messagesPerBlock: 2_000 };
const FAN_1: Load = { groups: 1, membersPerGroup: 1_000, messagesPerTurn: 1, messagesPerBlock: 100 };
const FAN_64: Load = { groups: 1, membersPerGroup: 1_000, messagesPerTurn: 64, messagesPerBlock: 640 };

/** One message in a hundred is sampled. */
const EVERY = 100;
const SPANS_OF_AN_ECHO = 2;

function counting(name: string, full: Load, switched = COUNTING): Comparison {
  return {
    name,
    load: full,
    switched,
    async prepare({ Subject }, load) {
      const subject = await Subject.open(load, {});
      let counted = 0;
      return {
        run: async (on) => {
          Subject.switch.on = on;
          await subject.publish(load.messagesPerBlock);
          if (on || switched.length === 0) counted += load.messagesPerBlock;
        },
        check: () => due('messages counted', subject.gateway.stats().deliveredTotal, counted * load.membersPerGroup),
      };
    },
  };
}

/** What `prom-client` has Node watch for `--metrics-port`, beside what the gateway counts. */
function watching(name: string, full: Load): Comparison {
  return {
    name,
    load: full,
    switched: [],
    async prepare({ Subject }, load) {
      const subject = await Subject.open(load, {});
      const delay = monitorEventLoopDelay();
      const collections = new PerformanceObserver((list) => void list.getEntries());
      return {
        run: async (on) => {
          if (on) {
            delay.enable();
            collections.observe({ entryTypes: ['gc'] });
          } else {
            delay.disable();
            collections.disconnect();
          }
          await subject.publish(load.messagesPerBlock);
        },
        check: () =>
          due('messages', subject.gateway.stats().messagesInTotal, subject.published + load.groups * load.membersPerGroup),
      };
    },
  };
}

interface TracedOptions {
  /** Spans are serialised before they are thrown away. */
  serializes?: boolean;
  /** One in so many messages is sampled. */
  every?: number;
}

function tracing(name: string, { serializes = true, every = EVERY }: TracedOptions): Comparison {
  return {
    name,
    load: ECHO,
    switched: TRACING,
    async prepare({ Subject }, load) {
      const spans = new Spans(serializes);
      const subject = await Subject.open(load, { traced: true, tracer: createTracer({ tracerProvider: spans.provider }) });
      let sampled = 0;
      const publish = async (on: boolean, messages: number, sampledEvery: number) => {
        Subject.switch.on = on;
        await subject.publish(messages, sampledEvery);
        if (on) sampled += Math.floor(messages / sampledEvery);
      };
      return {
        run: (on) => publish(on, load.messagesPerBlock, every),
        settle: () => spans.provider.forceFlush(),
        warmUp: () => publish(true, load.messagesPerBlock, 1),
        check: () => due('spans', spans.count, sampled * SPANS_OF_AN_ECHO),
      };
    },
  };
}

/** The same spans without gateway-otel and the calls to it. */
function sdkAlone(name: string, { serializes = true, every = EVERY }: TracedOptions): Comparison {
  return {
    name,
    load: ECHO,
    switched: [],
    async prepare({ Subject }, load) {
      const spans = new Spans(serializes);
      const tracer = spans.provider.getTracer('gateway-otel');
      const subject = await Subject.open(load, { traced: true });
      let made = 0;
      const publish = async (on: boolean, messages: number, sampledEvery: number) => {
        for (let left = messages; left > 0; left -= load.messagesPerTurn) {
          await subject.publish(load.messagesPerTurn, sampledEvery);
          for (let n = 0; on && n < load.messagesPerTurn; n += sampledEvery) {
            made += 1;
            echoSpans(tracer, made);
          }
        }
      };
      return {
        run: (on) => publish(on, load.messagesPerBlock, every),
        settle: () => spans.provider.forceFlush(),
        warmUp: () => publish(true, load.messagesPerBlock, 1),
        check: () => due('spans', spans.count, made * SPANS_OF_AN_ECHO),
      };
    },
  };
}

export const COMPARISONS: readonly Comparison[] = [
  counting('nothing: echo, 1,000 connections', ECHO, []),
  counting('nothing: fan-out to 1,000, one at a time', FAN_1, []),
  counting('nothing: fan-out to 1,000, 64 at a time', FAN_64, []),
  counting('counting: echo, 1,000 connections', ECHO),
  counting('counting: fan-out to 1,000, one at a time', FAN_1),
  counting('counting: fan-out to 1,000, 64 at a time', FAN_64),
  watching('what Node watches: echo, 1,000 connections', { ...ECHO, messagesPerBlock: 20_000 }),
  tracing('tracing: no message sampled', { every: Number.POSITIVE_INFINITY }),
  tracing('tracing: 1 % sampled', {}),
  tracing('tracing: 1 % sampled, spans are dropped', { serializes: false }),
  tracing('tracing: all sampled', { every: 1 }),
  tracing('tracing: all sampled, spans are dropped', { serializes: false, every: 1 }),
  sdkAlone('SDK alone: 1 % sampled', {}),
  sdkAlone('SDK alone: 1 % sampled, spans are dropped', { serializes: false }),
  sdkAlone('SDK alone: all sampled', { every: 1 }),
  sdkAlone('SDK alone: all sampled, spans are dropped', { serializes: false, every: 1 }),
];

function due(what: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${what}: ${found} where ${expected} were due`);
}
