import type { Readable } from './readable.js';

/**
 * When listeners run: never in the middle of a change. Whatever comes from outside (a socket event, a timer, a call) is an entry; what it has
 * to tell is told when the entry is over, in order, synchronously. What a listener causes is told after it.
 */
export interface Dispatcher {
  /** Runs an entry. */
  enter<Result>(entry: () => Result): Result;
  /** Tells something, at the end of the entry that is under way. */
  tell(task: () => void): void;
  /** Calls listeners, each whatever becomes of the others. */
  call<Value>(listeners: Iterable<(value: Value) => void>, value: Value): void;
}

/** Typed events. */
export interface Emitter<Events> {
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void;
  has(name: keyof Events): boolean;
  /** Tells it when the entry is over. */
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void;
  /** Tells it now. */
  call<Name extends keyof Events>(name: Name, event: Events[Name]): void;
  clear(): void;
}

export function createEmitter<Events>({ tell, call }: Pick<Dispatcher, 'tell' | 'call'>): Emitter<Events> {
  const listeners = new Map<keyof Events, Set<(event: never) => void>>();
  const emitter: Emitter<Events> = {
    on(name, listener) {
      // Of its own: who listens twice is told twice, and ends one of them.
      const own = (event: Parameters<typeof listener>[0]) => listener(event);
      const named = listeners.get(name) ?? new Set();
      listeners.set(name, named.add(own));
      return () => {
        named.delete(own);
      };
    },
    has: (name) => !!listeners.get(name)?.size,
    // Looked up when it is told: a listener that a listener before has taken away is not called.
    emit: (name, event) => tell(() => emitter.call(name, event)),
    call: (name, event) => call(listeners.get(name) ?? [], event as never),
    clear: () => listeners.clear(),
  };
  return emitter;
}

/** A {@link Readable} that can be set. Changes of one entry are told once, also as the event `name`. */
export interface Store<Value> extends Readable<Value> {
  set(value: Value): void;
}

export function createStore<Events, Name extends keyof Events>(
  { tell }: Pick<Dispatcher, 'tell'>,
  events: Emitter<Events>,
  name: Name,
  value: Events[Name],
): Store<Events[Name]> {
  let isTelling = false;
  return {
    get: () => value,
    subscribe(listener) {
      const end = events.on(name, listener);
      listener(value);
      return end;
    },
    set(next) {
      value = next;
      if (isTelling) return;
      isTelling = true;
      tell(() => {
        isTelling = false;
        events.call(name, value);
      });
    },
  };
}
