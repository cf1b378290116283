import { useCallback, useMemo, useState } from 'react';
import { GatewayClientError } from '../errors.js';
import type { Ack, Group, PublishOptions } from '../group.js';

/** What {@link usePublish} gives. */
export interface Publishing<Data> {
  /** As that of the group. Rejects with `NOT_CONNECTED` before there is one. */
  publish(data: Data, options?: PublishOptions): Promise<Ack>;
  /** Publishes of this component that are not settled. */
  pending: number;
}

/** Publishes, and counts what is under way. */
export function usePublish<Data, State>(group: Group<Data, State> | null): Publishing<Data> {
  const [pending, setPending] = useState(0);
  const publish = useCallback(
    (data: Data, options?: PublishOptions) => {
      if (group === null) return Promise.reject(new GatewayClientError('NOT_CONNECTED', 'no group is joined yet'));
      const published = group.publish(data, options);
      setPending((count) => count + 1);
      const settled = () => setPending((count) => count - 1);
      published.then(settled, settled);
      return published;
    },
    [group],
  );
  return useMemo(() => ({ publish, pending }), [publish, pending]);
}
