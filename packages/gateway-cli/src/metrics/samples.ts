import { DURATION_BUCKETS_MS, type GatewayMetrics } from 'gateway-core';
import { DURATION, FAMILIES, type Family } from './families.js';

/** One metric with its values, as `prom-client` has it in JSON. */
export interface Samples {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram' | 'summary';
  /** What makes one value of those of several processes. */
  aggregator: 'sum' | 'max' | 'min' | 'first' | 'average' | 'omit';
  values: Sample[];
}

export interface Sample {
  /** Where it is not the metric's own: of a histogram's parts. */
  metricName?: string;
  labels: Record<string, string | number>;
  value: number;
}

const PREFIX = 'gateway_';

/** What a gateway counts, as `prom-client` takes it. */
export function samplesOf(metrics: GatewayMetrics): Samples[] {
  const families = Object.entries(FAMILIES).map(([name, family]) => samples(name, family, valuesOf(family, metrics)));
  return [...families, histogram(metrics.durations)];
}

/** One metric of the gateway's program. */
export function samples(
  name: string,
  { kind, help, together }: Pick<Family, 'kind' | 'help' | 'together'>,
  values: Sample[],
): Samples {
  return { name: PREFIX + name, help, type: kind, aggregator: together ?? 'sum', values };
}

function valuesOf({ labels = [], read }: Family, metrics: GatewayMetrics): Sample[] {
  const values = read(metrics);
  if (typeof values === 'number') return [{ labels: {}, value: values }];
  return values.map(([of, value]) => ({ labels: Object.fromEntries(labels.map((label, at) => [label, of[at] ?? ''])), value }));
}

/** An instrument of `prom-client` observes one value at a time; these are counted already. */
function histogram(durations: GatewayMetrics['durations']): Samples {
  const name = PREFIX + DURATION.name;
  const values = Object.entries(durations).flatMap(([part, { buckets, count, sumMs }]): Sample[] => {
    let below = 0;
    const bounded = DURATION_BUCKETS_MS.map((boundMs, at) => {
      below += buckets[at] ?? 0;
      return { metricName: `${name}_bucket`, labels: { part, le: boundMs / 1_000 }, value: below };
    });
    return [
      ...bounded,
      { metricName: `${name}_bucket`, labels: { part, le: '+Inf' }, value: count },
      { metricName: `${name}_sum`, labels: { part }, value: sumMs / 1_000 },
      { metricName: `${name}_count`, labels: { part }, value: count },
    ];
  });
  return { name, help: DURATION.help, type: 'histogram', aggregator: 'sum', values };
}
