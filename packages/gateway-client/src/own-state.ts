import { checkedText } from './checks.js';
import type { Context } from './context.js';

/** Shortest time between two states of one group, in milliseconds: faster is for nobody's eyes. */
const INTERVAL_MS = 50;

/** What this member says of itself in a group: the newest wins, and it is said again after each join. */
export interface OwnState {
  /** `undefined` takes it back. @throws GatewayClientError `INVALID_DATA` and `TOO_BIG`. */
  setState(state: unknown): void;
  /** The gateway may not know it: a member that came anew has none. */
  again(): void;
}

/** @param send answers whether it was given to the socket. */
export function createOwnState(context: Context, groupId: string, send: (text: string) => boolean): OwnState {
  let text: string | undefined;
  let isSaid = false;
  let isResting = false;
  const flush = () => {
    if (text === undefined || isSaid || isResting) return;
    isSaid = send(text);
    if (!isSaid) return;
    isResting = true;
    context.later(INTERVAL_MS, () => {
      isResting = false;
      flush();
    });
  };
  return {
    setState(state) {
      text = checkedText(context.session, { type: 'presence', groupId }, 'state', state === undefined ? null : state).text;
      isSaid = false;
      // At the end of the turn: of several in one turn the last counts.
      queueMicrotask(flush);
    },
    again() {
      isSaid = false;
      flush();
    },
  };
}
