/** Events typed by one map; a listener that throws harms neither the emitter nor the other listeners. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();

  constructor(
    /** Told of every listener that threw or rejected. */
    private readonly onListenerError: (error: unknown, event: keyof Events) => void,
  ) {}

  /** Adds a listener and returns what removes it again. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(name, listeners);
    }
    // A wrapper of its own for each call, so that two `on` with one function are undone one by one.
    const entry = (event: Events[Name]) => listener(event);
    listeners.add(entry);
    return () => {
      listeners.delete(entry);
    };
  }

  /** Whether anybody listens: what is costly to build need not be built for nobody. */
  has(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    for (const listener of listeners) {
      try {
        const result: unknown = (listener as (event: Events[Name]) => unknown)(event);
        // An async listener's rejection would otherwise end the process.
        if (result instanceof Promise) result.catch((error: unknown) => this.onListenerError(error, name));
      } catch (error) {
        this.onListenerError(error, name);
      }
    }
  }
}
