import type { Gap, Update } from './group.js';

/** Updates for a reader that takes its time: bounded, and what did not fit is told as one `gap`. */
export class Updates<Data> implements AsyncIterableIterator<Update<Data>> {
  readonly #buffer: Update<Data>[] = [];
  #waiting: { resolve(result: IteratorResult<Update<Data>>): void; reject(error: unknown): void }[] = [];
  #over: { error?: unknown } | undefined;

  /** @param left is called once, when it ends. */
  constructor(
    private readonly bufferMax: number,
    private readonly left: () => void,
  ) {}

  push(update: Update<Data>): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#buffer.push(update);
    else waiting.resolve({ value: update, done: false });
    if (this.#buffer.length > this.bufferMax) this.#shorten();
  }

  /** What is there can still be read; then it is over, or throws. */
  end(error?: unknown): void {
    if (this.#over !== undefined) return;
    this.#over = { error };
    this.left();
    for (const { resolve, reject } of this.#waiting) {
      if (error === undefined) resolve({ value: undefined, done: true });
      else reject(error);
    }
    this.#waiting = [];
  }

  next(): Promise<IteratorResult<Update<Data>>> {
    const value = this.#buffer.shift();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    if (this.#over === undefined) return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    const { error } = this.#over;
    this.#over = {};
    return error === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error);
  }

  return(): Promise<IteratorResult<Update<Data>>> {
    this.#buffer.length = 0;
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The oldest messages become a `gap`, or make the one before them longer. */
  #shorten(): void {
    const at = this.#buffer.findIndex(({ type }) => type === 'message');
    const message = this.#buffer[at];
    if (message?.type !== 'message') {
      this.#buffer.shift();
      return;
    }
    const { groupId, seq } = message;
    const before = this.#buffer[at - 1];
    if (before?.type === 'gap' && before.reason === 'consumer') {
      this.#buffer[at - 1] = { ...before, to: seq };
      this.#buffer.splice(at, 1);
    } else {
      const gap: Gap = { type: 'gap', groupId, from: seq, to: seq, reason: 'consumer' };
      this.#buffer[at] = gap;
      // Room for the gap itself: one more message joins it.
      this.#shorten();
    }
  }
}
