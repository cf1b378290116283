import type { Dispatcher } from './dispatcher.js';

/** Typed events. */
export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();

  constructor(private readonly dispatcher: Dispatcher) {}

  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const own = (event: Events[Name]) => listener(event);
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(own));
    return () => {
      listeners.delete(own);
    };
  }

  has(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    // Looked up when it is told: a listener that a listener before has taken away is not called.
    this.dispatcher.tell(() => {
      this.dispatcher.call((this.#listeners.get(name) ?? []) as Iterable<(event: Events[Name]) => void>, event);
    });
  }

  clear(): void {
    this.#listeners.clear();
  }
}
