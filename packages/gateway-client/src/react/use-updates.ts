import { useEffect } from 'react';
import type { Group, Message, Update } from '../group.js';
import { useLatest } from './use-latest.js';

/**
 * Calls a listener with everything that comes, in order: messages, syncs, gaps and loaded states. The newest listener is called, and
 * another one does not subscribe again.
 */
export function useUpdates<Data, State>(group: Group<Data, State> | null, listener: (update: Update<Data>) => void): void {
  const latest = useLatest(listener);
  useEffect(() => {
    if (group === null) return;
    const tell = (update: Update<Data>) => latest.current(update);
    const ends = [group.on('message', tell), group.on('sync', tell), group.on('gap', tell), group.on('state', tell)];
    return () => {
      for (const end of ends) end();
    };
  }, [group, latest]);
}

/** Calls a listener with each message. For what is shown, see {@link useGroupState}. */
export function useMessages<Data, State>(group: Group<Data, State> | null, listener: (message: Message<Data>) => void): void {
  const latest = useLatest(listener);
  useEffect(() => group?.on('message', (message) => latest.current(message)), [group, latest]);
}
