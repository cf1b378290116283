import type { Dispatcher } from './dispatcher.js';

/**
 * A value that changes. `get` answers the same object until it does. `subscribe` calls at once with the value, and after each change: the
 * contract of Svelte's stores, and what React's `useSyncExternalStore` takes.
 */
export interface Readable<Value> {
  get(): Value;
  /** @returns what ends it. */
  subscribe(listener: (value: Value) => void): () => void;
}

/** A {@link Readable} that can be set. Changes of one entry are told once. */
export class Store<Value> implements Readable<Value> {
  readonly #listeners = new Set<(value: Value) => void>();
  #telling = false;

  constructor(
    private readonly dispatcher: Dispatcher,
    private value: Value,
  ) {}

  get = (): Value => this.value;

  subscribe = (listener: (value: Value) => void): (() => void) => {
    // Of its own: who subscribes twice is told twice, and ends one of them.
    const own = (value: Value) => listener(value);
    this.#listeners.add(own);
    listener(this.value);
    return () => {
      this.#listeners.delete(own);
    };
  };

  set(value: Value): void {
    this.value = value;
    if (this.#telling) return;
    this.#telling = true;
    this.dispatcher.tell(() => {
      this.#telling = false;
      this.dispatcher.call(this.#listeners, this.value);
    });
  }
}
