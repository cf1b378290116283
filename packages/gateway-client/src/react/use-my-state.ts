import { useCallback, useEffect, useRef, useState } from 'react';
import type { Group } from '../group.js';

/**
 * What this member says of itself in a group (typing, a cursor), as `useState`: the newest wins, and it is taken back when the component is
 * gone. One component for each group, since a member has one state in it.
 */
export function useMyState<State>(
  group: Pick<Group<unknown, State>, 'setState'> | null,
): [State | undefined, (next: State | undefined) => void] {
  const [state, setState] = useState<State | undefined>(undefined);
  const said = useRef<State | undefined>(undefined);
  useEffect(() => {
    if (said.current !== undefined) group?.setState(said.current);
    return () => {
      if (said.current !== undefined) group?.setState(undefined);
    };
  }, [group]);
  const say = useCallback(
    (next: State | undefined) => {
      // First, since it throws for what is too big.
      group?.setState(next);
      said.current = next;
      setState(() => next);
    },
    [group],
  );
  return [state, say];
}
