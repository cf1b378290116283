import type { Group } from 'gateway-client';
import type { FinalUser } from './history.js';

/** A group that a user wants to be in, and what they last said of themselves there. */
export interface WantedGroup {
  readonly handle: Group;
  said: { state: unknown } | undefined;
}

/** How a user's groups stand, as their handles show it. */
export function finalGroups(groups: Iterable<WantedGroup>): FinalUser['groups'] {
  return [...groups].map(({ handle, said }) => {
    const { state, error } = handle.status.get();
    const { list, complete } = handle.members.get();
    const members = [...list.values()].map(({ memberId, connected, state }) => ({ memberId, connected, state }));
    return { groupId: handle.id, state, error: error?.code, position: handle.position, members, complete, said };
  });
}
