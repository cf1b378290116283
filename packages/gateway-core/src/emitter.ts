/** Events typed by one map; a listener that throws harms neither the emitter nor the other listeners. */
export class Emitter<Events extends object> {
  /** Replaced, never changed: a listener that is added while an event is emitted hears the next one. */
  readonly #listeners = new Map<keyof Events, readonly ((event: never) => void)[]>();

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
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    for (const listener of listeners) {
      try {
        const result: unknown = (listener as (event: Events[Name]) => unknown)(event);
        // An async listener's rejection would otherwise end the process.
        if (typeof result === 'object') Promise.resolve(result).catch((error: unknown) => this.onListenerError(error, name));
      } catch (error) {
        this.onListenerError(error, name);
      }
    }
  }
}
