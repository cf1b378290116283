interface Queued<Events> {
  name: keyof Events;
  event: unknown;
}

/**
 * Events typed by one map. They are told one after the other: what a listener causes is told after the event that it is told of, so all
 * listeners hear the same order. A listener that throws harms neither the emitter nor the other listeners.
 */
export class Emitter<Events extends object> {
  /** Replaced, never changed: a listener that is added while an event is told hears the next one. */
  readonly #listeners = new Map<keyof Events, readonly ((event: never) => void)[]>();
  /** Events that wait for the one that is being told. */
  #queue: Queued<Events>[] = [];
  #telling = false;

  constructor(
    /** Told of every listener that threw or rejected. */
    private readonly onListenerError: (error: unknown, event: keyof Events) => void,
  ) {}

  /** Adds a listener and returns what removes it again. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    // A wrapper of its own for each call, so that two `on` with one function are undone one by one.
    const entry = (event: Events[Name]) => listener(event);
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), entry]);
    return () => {
      this.#listeners.set(
        name,
        (this.#listeners.get(name) ?? []).filter((other) => other !== entry),
      );
    };
  }

  /** Whether anybody listens: what is costly to build need not be built for nobody. */
  has(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.length ?? 0) > 0;
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    if (!this.has(name)) return;
    this.#queue.push({ name, event });
    this.#tellAll();
  }

  /** Does a step of several changes; what it emits is told when the step is done, in order. */
  after<Result>(step: () => Result): Result {
    if (this.#telling) return step();
    this.#telling = true;
    try {
      return step();
    } finally {
      this.#telling = false;
      this.#tellAll();
    }
  }

  #tellAll(): void {
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let at = 0; at < this.#queue.length; at += 1) {
        const { name, event } = this.#queue[at] as Queued<Events>;
        this.#tell(name, event);
      }
    } finally {
      this.#queue = [];
      this.#telling = false;
    }
  }

  #tell(name: keyof Events, event: unknown): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        const result = (listener as (event: unknown) => unknown)(event);
        // An async listener's rejection would otherwise end the process.
        if (typeof result === 'object') Promise.resolve(result).catch((error: unknown) => this.onListenerError(error, name));
      } catch (error) {
        this.onListenerError(error, name);
      }
    }
  }
}
