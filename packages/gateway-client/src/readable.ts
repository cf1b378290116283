/**
 * A value that changes. `get` answers the same object until it does. `subscribe` calls at once with the value, and after each change: the
 * contract of Svelte's stores, and what React's `useSyncExternalStore` takes.
 */
export interface Readable<Value> {
  get(): Value;
  /** @returns what ends it. */
  subscribe(listener: (value: Value) => void): () => void;
}
