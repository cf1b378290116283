/** Earlier epochs that are remembered of one log. */
const FORMER_EPOCHS_MAX = 16;

/**
 * Under which other epochs a log was known, as far as the broker has said: up to which `seq` their entries are this log's. Most logs have none.
 */
export class FormerEpochs {
  /** The last `seq` that is known to be good, by epoch; -1: of none it is known. Learned first, first. */
  readonly #seqs = new Map<string, number>();

  /** Entries of an epoch are this log's up to `seq`; or where that is -1, none is known to be. */
  learn(epoch: string, seq: number): void {
    this.#seqs.set(epoch, Math.max(seq, this.#seqs.get(epoch) ?? -1));
    if (this.#seqs.size <= FORMER_EPOCHS_MAX) return;
    const [oldest] = this.#seqs.keys();
    this.#seqs.delete(oldest as string);
  }

  /** Whether who stands at a position of an earlier epoch has seen nothing but what this log has. `undefined`: it is not known to be one. */
  verdict(epoch: string, seq: number): 'ok' | 'ahead' | undefined {
    const last = this.#seqs.get(epoch);
    if (last === undefined) return undefined;
    return seq <= last ? 'ok' : 'ahead';
  }
}
