import type { Group, Roster } from '../group.js';
import { useReadable } from './use-readable.js';

const NOBODY: Roster<never> = { list: new Map(), count: 0, status: 'UNKNOWN', complete: false, stale: true };

/**
 * Who is in a group, or a part of it. A server renders nobody.
 * @example
 * const names = useMembers(room, ({ list }) => [...list.values()].map(({ metadata }) => metadata?.name).join(', '));
 */
export function useMembers<State = unknown, Selected = Roster<State>>(
  group: Pick<Group<unknown, State>, 'members'> | null,
  select?: (roster: Roster<State>) => Selected,
  isEqual?: (before: Selected, after: Selected) => boolean,
): Selected {
  return useReadable<Roster<State>, Selected>(group?.members, NOBODY, select, isEqual);
}
