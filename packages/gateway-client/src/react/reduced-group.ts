import type { Group, Message } from '../group.js';

/** What a group's messages come to, for one component. A store as `useSyncExternalStore` takes it. */
export class ReducedGroup<Reduced, Data, State> {
  #state: Reduced;
  #shown: Reduced;
  #isDue = false;

  /** @param schedule when what has changed is shown. */
  constructor(
    private readonly group: Group<Data, State> | null,
    initial: Reduced,
    private readonly reduce: { readonly current: (state: Reduced, message: Message<Data>) => Reduced },
    private readonly schedule: (show: () => void) => void,
  ) {
    this.#state = initial;
    this.#shown = initial;
  }

  get = (): Reduced => this.#shown;

  subscribe = (changed: () => void): (() => void) => {
    const ends = [
      this.group?.on('message', (message) => this.#set(this.reduce.current(this.#state, message), changed)),
      this.group?.on('state', ({ state }) => this.#set(state as Reduced, changed)),
    ];
    return () => {
      for (const end of ends) end?.();
    };
  };

  /** However many messages one event of the socket brings, it is shown once. */
  #set(state: Reduced, changed: () => void): void {
    this.#state = state;
    if (this.#isDue) return;
    this.#isDue = true;
    this.schedule(() => {
      this.#isDue = false;
      this.#shown = this.#state;
      changed();
    });
  }
}
