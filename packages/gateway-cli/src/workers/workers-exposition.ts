import { CONTENT_TYPE, type Exposition, NodeSamples, textOf } from '../metrics/exposition.js';
import { WORKER_FAMILIES } from '../metrics/families.js';
import { samples } from '../metrics/samples.js';
import type { WorkerPool } from './worker-pool.js';
import type { WorkersMetrics } from './workers-metrics.js';

export { WorkersMetrics } from './workers-metrics.js';

/** The metrics of all workers, and of the primary process, at one address. */
export class WorkersExposition implements Exposition {
  readonly contentType = CONTENT_TYPE;
  readonly #node = new NodeSamples({ worker: 'primary' });

  constructor(
    private readonly pool: Pick<WorkerPool, 'askMetrics' | 'size' | 'deaths'>,
    private readonly metrics: WorkersMetrics,
  ) {}

  async text(): Promise<string> {
    await this.pool.askMetrics();
    const { size, deaths } = this.pool;
    const own = { workers: size, worker_deaths_total: deaths };
    const families = Object.entries(WORKER_FAMILIES).map(([name, family]) =>
      samples(name, family, [{ labels: {}, value: own[name as keyof typeof own] }]),
    );
    return textOf([...this.metrics.samples(), families, await this.#node.samples()]);
  }
}
