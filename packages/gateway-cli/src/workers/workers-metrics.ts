import { together } from '../metrics/exposition.js';
import type { Samples } from '../metrics/samples.js';
import type { WorkerSamples } from './control-messages.js';

/** What is kept of a process that has ended: what it has counted has happened. */
const isTotal = ({ type }: Samples) => type === 'counter' || type === 'histogram';

/**
 * What the workers have said of their metrics, as those of one gateway. Totals do not fall when a worker ends: what it has said last counts on.
 * What a worker has counted since, and could not say because it was killed, is in no total.
 */
export class WorkersMetrics {
  /** Of all that have ended, together. */
  #ended: readonly Samples[] = [];
  /** By process: two of one worker while one takes over from the other. */
  readonly #said = new Map<object, WorkerSamples & { worker: number }>();

  take(process: object, worker: number, samples: WorkerSamples): void {
    this.#said.set(process, { ...samples, worker });
  }

  /** A process has exited. */
  ended(process: object): void {
    const said = this.#said.get(process);
    this.#said.delete(process);
    if (said !== undefined) this.#ended = together([this.#ended, said.gateway.filter(isTotal)]);
  }

  /** Of the gateways together, and of each worker's process; of two that are one worker, the one that came later. */
  samples(): (readonly Samples[])[] {
    const said = [...this.#said.values()];
    const processes = new Map(said.map(({ worker, node }) => [worker, node]));
    return [...said.map(({ gateway }) => gateway), this.#ended, ...processes.values()];
  }
}
