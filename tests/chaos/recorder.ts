import type { Happening, HistoryEntry } from '../../packages/gateway-sim/src/history.js';

/** What was done and seen, in the order in which it was, with real time. */
export class Recorder {
  readonly entries: HistoryEntry[] = [];
  readonly #begunMs = performance.now();

  get nowMs(): number {
    return performance.now() - this.#begunMs;
  }

  note(happening: Happening): void {
    this.entries.push({ atMs: this.nowMs, ...happening });
  }
}
