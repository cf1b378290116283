import { type TracerProvider, trace } from '@opentelemetry/api';
import { GatewayError } from 'gateway-core';

/** What {@link createTracer} takes; everything has a default. */
export interface TracerOptions {
  /** Where spans are made. Default: the global one, also where it is registered later. */
  tracerProvider?: TracerProvider | undefined;
  /**
   * The share of the messages without a `traceparent` that begin a trace, from 0 to 1, drawn for each. The SDK's sampler is asked about
   * these alone, so what it leaves out is left out of this share. Default 0: traces are begun by who sends.
   */
  newTraceRatio?: number | undefined;
  /**
   * Whether the SDK's sampler is also asked about messages whose sender's flag says that they are not sampled. That costs each of them a
   * span that is thrown away. Default `false`: the flag decides, as the SDK's own sampler does by default.
   */
  ignoreSampledFlag?: boolean | undefined;
  /** Chance, from 0 to less than 1, for `newTraceRatio`. Default `Math.random`. */
  random?: (() => number) | undefined;
}

/** {@link TracerOptions} after checks, complete. */
export interface ResolvedTracerOptions {
  tracerProvider: TracerProvider;
  newTraceRatio: number;
  ignoreSampledFlag: boolean;
  random: () => number;
}

const NAMES: readonly string[] = [
  'tracerProvider',
  'newTraceRatio',
  'ignoreSampledFlag',
  'random',
] satisfies (keyof TracerOptions)[];

/** @throws GatewayError `INVALID_OPTION`, naming the option. */
export function resolveTracerOptions(options: TracerOptions): ResolvedTracerOptions {
  if (typeof options !== 'object' || options === null) throw fault('options', 'must be an object');
  for (const name of Object.keys(options)) if (!NAMES.includes(name)) throw fault(name, 'is not an option');
  const {
    tracerProvider = trace.getTracerProvider(),
    newTraceRatio = 0,
    ignoreSampledFlag = false,
    random = Math.random,
  } = options;
  if (typeof tracerProvider?.getTracer !== 'function') throw fault('tracerProvider', 'must have a method getTracer');
  if (typeof newTraceRatio !== 'number' || !(newTraceRatio >= 0 && newTraceRatio <= 1)) {
    throw fault('newTraceRatio', 'must be a number from 0 to 1');
  }
  if (typeof ignoreSampledFlag !== 'boolean') throw fault('ignoreSampledFlag', 'must be true or false');
  if (typeof random !== 'function') throw fault('random', 'must be a function');
  return { tracerProvider, newTraceRatio, ignoreSampledFlag, random };
}

function fault(option: string, problem: string): GatewayError {
  return new GatewayError('INVALID_OPTION', `${option}: ${problem}`);
}
