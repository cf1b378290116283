import type { ClientStatus, StatusReason } from './client.js';
import { type Context, createAlarm } from './context.js';
import { createStore } from './emitter.js';
import type { State } from './machine.js';
import type { Readable } from './readable.js';

/** The public face of the machine: six states, and since when there is nothing to show. */
export interface Status {
  readonly store: Readable<ClientStatus>;
  set(part: Partial<ClientStatus>): void;
  /** Shows where the machine stands. */
  show(state: State, attempt: number, reason?: StatusReason): void;
}

export function createStatus(context: Context): Status {
  const initial: ClientStatus = { state: 'idle', since: 0, lost: false, attempt: 0, network: true };
  const store = createStore(context, context.events, 'status', initial);
  const lost = createAlarm(context);
  let wasOnline = false;
  const set = (part: Partial<ClientStatus>) => store.set({ ...store.get(), ...part });
  return {
    store,
    set,
    show(inner, attempt, reason) {
      const before = store.get();
      const isOnline = inner === 'online';
      const isTrying = inner === 'trying' || inner === 'waiting' || inner === 'suspended';
      wasOnline = isOnline || (isTrying && wasOnline);
      const state = !isTrying ? inner : wasOnline ? 'reconnecting' : 'connecting';
      if (!isTrying) lost();
      // Not again where it was trying already.
      else if (!before.state.endsWith('connecting')) lost(context.timings.lostAfterMs, () => set({ lost: true }));
      set({
        state,
        since: state === before.state ? before.since : context.clock.now(),
        lost: isTrying && before.lost,
        attempt,
        retryAt: undefined,
        connectionId: isOnline ? before.connectionId : undefined,
        reason: isOnline ? undefined : (reason ?? before.reason),
      });
    },
  };
}
