import { useMemo, useSyncExternalStore } from 'react';
import type { Group, JoinOptions } from '../group.js';
import { Membership } from './membership.js';
import { useClient } from './provider.js';
import { useLatest } from './use-latest.js';

const NOT_JOINED = { get: () => null, subscribe: () => () => {} };
const getOnServer = () => null;

/**
 * Joins a group while the component is mounted, and leaves it `lingerMs` after. The same handle for as long as it is.
 * @param groupId another one leaves the first; `null` joins none.
 * @param options only `groupId` decides when to join again: inline options are fine, and the newest `load` and `parse` are used. Whether
 * there is a `load`, and where to go on from, counts when it joins.
 * @returns `null` on a server, and until the component is mounted: it is joined in an effect. Hooks that take a group take `null`.
 * @example
 * const room = useGroup<{ text: string }>('group-1', { since: { tail: 50 } });
 */
export function useGroup<Data = unknown, State = unknown>(
  groupId: string | null | undefined,
  options?: JoinOptions<Data>,
): Group<Data, State> | null {
  const client = useClient();
  const latest = useLatest(options);
  const membership = useMemo(
    () => (groupId === null || groupId === undefined ? NOT_JOINED : new Membership<Data, State>(client, groupId, latest)),
    [client, groupId, latest],
  );
  return useSyncExternalStore(membership.subscribe, membership.get, getOnServer);
}
