import { nextState, type StateTable } from '../next-state.js';

/** Whether a group that this gateway has open has members, dropped ones included, or may make room; or is forgotten, with its log. */
export type GroupState = 'idle' | 'used' | 'forgotten';

/** What changes it: a member comes in, the last one leaves, and it is too old or has to make room, or the gateway closes. */
export type GroupEvent = 'entered' | 'emptied' | 'forgotten';

/** docs/states.md has the same table for people. The members of a gateway that closes may leave after their group was forgotten. */
export const GROUP_STATES: StateTable<GroupState, GroupEvent> = {
  idle: { entered: 'used', emptied: 'idle', forgotten: 'forgotten' },
  used: { entered: 'used', emptied: 'idle', forgotten: 'forgotten' },
  forgotten: { entered: 'never', emptied: 'forgotten', forgotten: 'never' },
};

/** The only way in which a group's `state` changes. */
export function moveGroup(group: { state: GroupState }, event: GroupEvent): void {
  group.state = nextState(GROUP_STATES, 'a group', group.state, event);
}

/** What a subscription to a group's log is: asked for, answered, passed on to the group, or over. */
export type FeedState = 'asked' | 'answered' | 'open' | 'ended';

/** What changes it: the broker's `subscribe` answers, the group is there, nobody wants it any more. */
export type FeedEvent = 'answered' | 'opened' | 'ended';

/** docs/states.md has the same table for people. */
export const FEED_STATES: StateTable<FeedState, FeedEvent> = {
  asked: { answered: 'answered', opened: 'never', ended: 'ended' },
  answered: { answered: 'never', opened: 'open', ended: 'ended' },
  open: { answered: 'never', opened: 'never', ended: 'ended' },
  ended: { answered: 'ended', opened: 'never', ended: 'never' },
};
