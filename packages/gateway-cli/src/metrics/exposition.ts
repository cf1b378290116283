import type { Gateway } from 'gateway-core';
import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client';
import { type Samples, samplesOf } from './samples.js';

/** What is answered to a scrape. */
export interface Exposition {
  readonly contentType: string;
  text(): Promise<string>;
}

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** A gateway's metrics in the text format of Prometheus, with those of Node beside them. */
export class GatewayExposition implements Exposition {
  readonly contentType = CONTENT_TYPE;
  readonly #node = new NodeSamples();

  constructor(private readonly gateway: Pick<Gateway, 'metrics'>) {}

  async text(): Promise<string> {
    return textOf([samplesOf(this.gateway.metrics()), await this.#node.samples()]);
  }
}

/** What `prom-client` measures of Node and of this process. */
export class NodeSamples {
  readonly #registry = new Registry();

  /** @param labels of each. */
  constructor(labels: Record<string, string> = {}) {
    collectDefaultMetrics({ register: this.#registry, labels });
  }

  async samples(): Promise<Samples[]> {
    const all = (await this.#registry.getMetricsAsJSON()) as unknown as Samples[];
    // Each is of one process, whatever several would have together.
    return all.map((samples) => ({ ...samples, aggregator: 'first' }));
  }
}

/** The metrics of several processes, as those of one. */
export function together(all: readonly (readonly Samples[])[]): Samples[] {
  return AggregatorRegistry.aggregate([...all]).getMetricsAsArray() as unknown as Samples[];
}

/** The same in the text format. */
export function textOf(all: readonly (readonly Samples[])[]): Promise<string> {
  return AggregatorRegistry.aggregate([...all]).metrics();
}
