import { Alarm } from './alarm.js';
import type { ClientStatus } from './client.js';
import type { ClientClock } from './clock.js';
import type { Dispatcher } from './dispatcher.js';
import type { State } from './machine.js';
import { Store } from './readable.js';

/** The public face of the machine: six states, and since when there is nothing to show. */
export class Status {
  readonly store: Store<ClientStatus>;
  readonly #lost: Alarm;
  #wasOnline = false;

  constructor(
    dispatcher: Dispatcher,
    private readonly clock: ClientClock,
    private readonly lostAfterMs: number,
    private readonly changed: (status: ClientStatus) => void,
  ) {
    this.#lost = new Alarm(clock);
    this.store = new Store<ClientStatus>(dispatcher, {
      state: 'idle',
      since: 0,
      lost: false,
      attempt: 0,
      network: true,
    });
  }

  /** Shows where the machine stands. */
  show(inner: State, more: Partial<ClientStatus> = {}): void {
    const before = this.store.get();
    const state = this.#publicOf(inner);
    const isTrying = state === 'connecting' || state === 'reconnecting';
    const wasTrying = before.state === 'connecting' || before.state === 'reconnecting';
    if (isTrying && !wasTrying) this.#lost.set(this.lostAfterMs, () => this.set({ lost: true }));
    if (!isTrying) this.#lost.clear();
    this.set({
      retryAt: undefined,
      connectionId: state === 'online' ? before.connectionId : undefined,
      reason: state === 'online' ? undefined : before.reason,
      ...more,
      state,
      since: state === before.state ? before.since : this.clock.now(),
      lost: isTrying && before.lost,
    });
  }

  set(part: Partial<ClientStatus>): void {
    const status = { ...this.store.get(), ...part };
    this.store.set(status);
    this.changed(status);
  }

  #publicOf(state: State): ClientStatus['state'] {
    if (state === 'idle' || state === 'stopped' || state === 'closed') {
      this.#wasOnline = false;
      return state;
    }
    this.#wasOnline ||= state === 'online';
    if (state === 'online') return state;
    return this.#wasOnline ? 'reconnecting' : 'connecting';
  }
}
