import type { Client } from '../client.js';
import type { Group, JoinOptions } from '../group.js';

/** Of the options, what counts is what they are when they are used. */
interface Latest<Data> {
  readonly current: JoinOptions<Data> | undefined;
}

/** One component's use of a group: joined while somebody listens. A store as `useSyncExternalStore` takes it. */
export class Membership<Data, State> {
  readonly #listeners = new Set<() => void>();
  #group: Group<Data, State> | null = null;
  #unwatch = () => {};

  constructor(
    private readonly client: Client,
    private readonly groupId: string,
    private readonly options: Latest<Data>,
  ) {}

  get = (): Group<Data, State> | null => this.#group;

  subscribe = (changed: () => void): (() => void) => {
    this.#listeners.add(changed);
    if (this.#group === null) this.#begin();
    return () => {
      this.#listeners.delete(changed);
      // StrictMode, fast refresh: who comes back in the same turn finds the same handle.
      queueMicrotask(() => this.#listeners.size === 0 && this.#end());
    };
  };

  #begin(): void {
    this.#group = this.#join();
    this.#unwatch = this.client.status.subscribe(({ state }) => {
      const isTrying = state !== 'idle' && state !== 'closed' && state !== 'stopped';
      // A client that was closed has let go of its groups, and now it connects again.
      if (!isTrying || this.#group?.status.get().error?.code !== 'CLOSED') return;
      this.#group = this.#join();
      for (const listener of [...this.#listeners]) listener();
    });
  }

  #end(): void {
    this.#unwatch();
    this.#group?.leave();
    this.#group = null;
  }

  #join(): Group<Data, State> {
    const { options } = this;
    const { since, load, parse } = options.current ?? {};
    return this.client.join<Data, State>(this.groupId, {
      since,
      load: load && ((context) => (options.current?.load ?? load)(context)),
      parse: parse && ((data) => (options.current?.parse ?? parse)(data)),
    });
  }
}
