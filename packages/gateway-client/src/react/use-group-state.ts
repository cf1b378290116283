import { useMemo, useSyncExternalStore } from 'react';
import type { Group, GroupStatus, Message } from '../group.js';
import { ReducedGroup } from './reduced-group.js';
import { useLatest } from './use-latest.js';
import { useReadable } from './use-readable.js';

const JOINING: GroupStatus = { state: 'joining' };

/** How {@link useGroupState} shows. */
export interface GroupStateOptions {
  /** `frame`: at most once in each frame of the screen, for groups in which much is said. Default: once for each event of the socket. */
  throttle?: 'frame' | undefined;
}

/**
 * What a group's messages come to. With `load` (an option of {@link useGroup}), what it loads takes the place of the state, and the messages
 * after it are reduced into it: at the join, and again after each `reset` and `gap`. Without `load` the state goes on over a `reset`, which
 * `status.outcome` tells.
 * @param group from {@link useGroup}, in the same component or one that mounts with it: who comes later gets what comes later.
 * @param reduce the newest is used. It must not change the state that it gets.
 * @param initial counts for the first render, and anew for another group. It is also what a server renders.
 * @example
 * const { state: lines, status } = useGroupState(room, (lines: string[], { data }) => [...lines, data.text], []);
 */
export function useGroupState<Reduced, Data, State>(
  group: Group<Data, State> | null,
  reduce: (state: Reduced, message: Message<Data>) => Reduced,
  initial: Reduced,
  { throttle }: GroupStateOptions = {},
): { state: Reduced; status: GroupStatus } {
  const latest = useLatest(reduce);
  // biome-ignore lint/correctness/useExhaustiveDependencies: an initial state that is written inline is another one in each render.
  const [store, getOnServer] = useMemo(
    () => [new ReducedGroup(group, initial, latest, throttle === 'frame' ? nextFrame : queueMicrotask), () => initial] as const,
    [group, latest, throttle],
  );
  const state = useSyncExternalStore(store.subscribe, store.get, getOnServer);
  const status = useReadable(group?.status, JOINING);
  return useMemo(() => ({ state, status }), [state, status]);
}

/** A page that is not seen draws no frames. */
function nextFrame(show: () => void): void {
  if (typeof document === 'undefined' || document.visibilityState === 'hidden') queueMicrotask(show);
  else requestAnimationFrame(show);
}
