import type { StateTable } from '../next-state.js';

/** `moved`: another gateway has it, or may take it; it is no member of this one any more. */
export type MemberState = 'connected' | 'dropped' | 'moved' | 'gone';

/**
 * What changes a member's state: its connection drops; it is resumed here; its time to come back is over; it is ended, by its client, by the
 * host or for a limit; another gateway has taken it over; this gateway closes, and others may take it.
 */
export type MemberEvent = 'dropped' | 'resumed' | 'expired' | 'ended' | 'replaced' | 'handedOver';

/** What each event makes of each state; `never`: it cannot come then. docs/states.md has the same table for people. */
export const MEMBER_STATES: StateTable<MemberState, MemberEvent> = {
  connected: {
    dropped: 'dropped',
    resumed: 'connected',
    expired: 'never',
    ended: 'gone',
    replaced: 'moved',
    handedOver: 'never',
  },
  dropped: { dropped: 'never', resumed: 'connected', expired: 'gone', ended: 'gone', replaced: 'moved', handedOver: 'moved' },
  moved: { dropped: 'never', resumed: 'never', expired: 'never', ended: 'never', replaced: 'never', handedOver: 'never' },
  gone: { dropped: 'never', resumed: 'never', expired: 'never', ended: 'never', replaced: 'never', handedOver: 'never' },
};
