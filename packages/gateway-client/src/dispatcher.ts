/**
 * When listeners run: never in the middle of a change. Whatever comes from outside (a socket event, a timer, a call) is an entry; what it has
 * to tell is told when the entry is over, in order, synchronously. What a listener causes is told after it.
 */
export class Dispatcher {
  readonly #queue: (() => void)[] = [];
  #depth = 0;

  /** @param failed is told what a listener threw; nobody else is harmed by it. */
  constructor(private readonly failed: (cause: unknown) => void) {}

  /** Runs an entry. */
  enter<Result>(entry: () => Result): Result {
    this.#depth += 1;
    try {
      return entry();
    } finally {
      this.#depth -= 1;
      if (this.#depth === 0) this.#drain();
    }
  }

  /** Tells something, at the end of the entry that is under way. */
  tell(task: () => void): void {
    this.#queue.push(task);
    if (this.#depth === 0) this.#drain();
  }

  /** Calls listeners, each whatever becomes of the others. */
  call<Value>(listeners: Iterable<(value: Value) => void>, value: Value): void {
    for (const listener of [...listeners]) {
      try {
        listener(value);
      } catch (cause) {
        this.failed(cause);
      }
    }
  }

  #drain(): void {
    this.#depth += 1;
    for (let task = this.#queue.shift(); task !== undefined; task = this.#queue.shift()) task();
    this.#depth -= 1;
  }
}
