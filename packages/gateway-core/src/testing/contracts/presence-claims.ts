import type { MaybePromise } from '../../maybe-promise.js';
import type { PresenceMember, PresenceStore } from '../../presence/presence-store.js';
import { Arrivals } from './contract.js';

/** A member as most claims need one. */
export const someone = (memberId: string, rest: Partial<PresenceMember> = {}): PresenceMember => ({
  memberId,
  nodeId: 'node-1',
  role: 'app-client',
  state: 'connected',
  ...rest,
});

/** Notes which groups a store told of. */
export class Watcher extends Arrivals {
  readonly told: string[] = [];
  readonly unwatch: () => void;

  constructor(store: PresenceStore) {
    super();
    this.unwatch = store.watch((groupId) => {
      this.told.push(groupId);
      this.arrived();
    });
  }

  toldOf(groupId: string): Promise<void> {
    return this.until(() => this.told.includes(groupId), `word of ${groupId}`);
  }
}

/** Claims by name. `other` is the same store as another gateway sees it. */
export type PresenceClaims = Record<
  string,
  (store: PresenceStore, other: PresenceStore, advance: (ms: number) => MaybePromise<void>) => Promise<void>
>;
