import { nextState, type StateTable } from '../next-state.js';

/**
 * What a member's place in a group is: written to as messages come; on its way to where its receiver asked to stand, which its `sync` ends;
 * kept for a member whose connection has dropped; or given up.
 */
export type PlaceState = 'live' | 'replaying' | 'detached' | 'gone';

/**
 * What changes it: its receiver is brought to where it asks to stand (`begun`), and told that it is there (`synced`); the log is trimmed
 * past its cursor (`trimmed`) or begins anew (`reset`), and its receiver can be told; or that cannot be told, and is closed (`lost`); its
 * member comes back on another connection (`attached`), its connection ends (`detached`), its member leaves (`removed`).
 */
export type PlaceEvent = 'begun' | 'synced' | 'trimmed' | 'reset' | 'lost' | 'attached' | 'detached' | 'removed';

/**
 * docs/states.md has the same table for people. A write can break the receiver's socket, which ends its connection in the middle of what
 * is done: so a place that is about to begin may be detached or gone, and one that is detached gone.
 */
export const PLACE_STATES: StateTable<PlaceState, PlaceEvent> = {
  live: {
    begun: 'replaying',
    synced: 'never',
    trimmed: 'live',
    reset: 'replaying',
    lost: 'live',
    attached: 'live',
    detached: 'detached',
    removed: 'gone',
  },
  replaying: {
    begun: 'replaying',
    synced: 'live',
    trimmed: 'replaying',
    reset: 'replaying',
    lost: 'never',
    attached: 'replaying',
    detached: 'detached',
    removed: 'gone',
  },
  detached: {
    begun: 'detached',
    synced: 'never',
    trimmed: 'never',
    reset: 'never',
    lost: 'never',
    attached: 'live',
    detached: 'never',
    removed: 'gone',
  },
  gone: {
    begun: 'gone',
    synced: 'never',
    trimmed: 'never',
    reset: 'never',
    lost: 'never',
    attached: 'never',
    detached: 'gone',
    removed: 'gone',
  },
};

/** The only way in which a place's `state` changes. Not asked for a message that is written: that changes none. */
export function movePlace(place: { state: PlaceState }, event: PlaceEvent): void {
  place.state = nextState(PLACE_STATES, 'a place in a group', place.state, event);
}
