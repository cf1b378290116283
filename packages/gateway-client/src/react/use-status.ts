import type { ClientStatus } from '../client.js';
import { useClient } from './provider.js';
import { useReadable } from './use-readable.js';

const IDLE: ClientStatus = { state: 'idle', since: 0, lost: false, attempt: 0, network: true };

/**
 * How the connection stands, or a part of it. A server renders `idle`.
 * @example
 * const isLost = useStatus(({ lost }) => lost);
 */
export function useStatus<Selected = ClientStatus>(
  select?: (status: ClientStatus) => Selected,
  isEqual?: (before: Selected, after: Selected) => boolean,
): Selected {
  return useReadable(useClient().status, IDLE, select, isEqual);
}
