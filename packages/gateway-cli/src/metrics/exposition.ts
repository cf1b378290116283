import { DURATION_BUCKETS_MS, type Gateway, type GatewayMetrics } from 'gateway-core';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { DURATION, FAMILIES, type Family } from './families.js';

const PREFIX = 'gateway_';

/** A gateway's metrics in the text format of Prometheus, with those of Node beside them. */
export class Exposition {
  readonly #registry = new Registry();
  readonly #instruments: [Family, Counter | Gauge][];
  readonly contentType: string;

  constructor(private readonly gateway: Pick<Gateway, 'metrics' | 'health'>) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#instruments = Object.entries(FAMILIES).map(([name, family]) => {
      const configuration = { name: PREFIX + name, help: family.help, labelNames: family.labels ?? [], registers };
      return [family, family.kind === 'gauge' ? new Gauge(configuration) : new Counter(configuration)];
    });
    this.contentType = this.#registry.contentType;
  }

  async text(): Promise<string> {
    const metrics = this.gateway.metrics();
    for (const [family, instrument] of this.#instruments) {
      const values = family.read(metrics);
      // What is read is the whole of it, and an instrument adds.
      instrument.reset();
      for (const [labels, value] of typeof values === 'number' ? [[[], values] as const] : values) {
        instrument.inc(Object.fromEntries((family.labels ?? []).map((label, at) => [label, labels[at] ?? ''])), value);
      }
    }
    const draining = `# HELP ${PREFIX}draining Whether it drains\n# TYPE ${PREFIX}draining gauge\n${PREFIX}draining ${this.gateway.health().ok ? 0 : 1}\n`;
    return `${await this.#registry.metrics()}\n${draining}${histogram(metrics.durations)}`;
  }
}

/** An instrument of prom-client observes one value at a time; these are counted already. */
function histogram(durations: GatewayMetrics['durations']): string {
  const name = PREFIX + DURATION.name;
  const lines = [`# HELP ${name} ${DURATION.help}`, `# TYPE ${name} histogram`];
  for (const [part, { buckets, count, sumMs }] of Object.entries(durations)) {
    let below = 0;
    for (const [at, boundMs] of DURATION_BUCKETS_MS.entries()) {
      below += buckets[at] ?? 0;
      lines.push(`${name}_bucket{part="${part}",le="${boundMs / 1_000}"} ${below}`);
    }
    lines.push(`${name}_bucket{part="${part}",le="+Inf"} ${count}`);
    lines.push(`${name}_sum{part="${part}"} ${sumMs / 1_000}`, `${name}_count{part="${part}"} ${count}`);
  }
  return `${lines.join('\n')}\n`;
}
