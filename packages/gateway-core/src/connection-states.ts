import type { ConnectionState } from './gateway-info.js';
import type { StateTable } from './next-state.js';

/** What changes a connection's state: its socket is bound, an `identify` is accepted, it ends for whatever cause, its socket has closed. */
export type ConnectionEvent = 'bound' | 'identified' | 'ended' | 'socketClosed';

/** docs/states.md has the same table for people. */
export const CONNECTION_STATES: StateTable<ConnectionState, ConnectionEvent> = {
  connecting: { bound: 'open', identified: 'never', ended: 'never', socketClosed: 'never' },
  open: { bound: 'never', identified: 'identified', ended: 'closing', socketClosed: 'never' },
  identified: { bound: 'never', identified: 'identified', ended: 'closing', socketClosed: 'never' },
  closing: { bound: 'never', identified: 'never', ended: 'never', socketClosed: 'closed' },
  closed: { bound: 'never', identified: 'never', ended: 'never', socketClosed: 'never' },
};
