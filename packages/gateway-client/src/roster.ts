import type { GroupMember, PresenceInfo, PresenceUpdatePayload } from 'gateway-protocol';
import type { Context } from './context.js';
import { createEmitter, createStore } from './emitter.js';
import type { Member, Roster, RosterChange } from './group.js';
import type { Readable } from './readable.js';

/** Who is in one group, as the gateway tells it. */
export interface RosterKeeper {
  readonly store: Readable<Roster>;
  /** Nothing is emptied by a drop: what changed meanwhile is told when the list is known again. */
  disconnected(): void;
  /** The whole list. */
  replace(members: readonly GroupMember[], info?: PresenceInfo): void;
  /** PROTOCOL.md, "Members of a group". */
  updated(payload: PresenceUpdatePayload): void;
}

/** @param changed is told what has changed. */
export function createRoster(context: Context, changed: (change: RosterChange) => void): RosterKeeper {
  const nobody: Roster = { list: new Map(), count: 0, status: 'UNKNOWN', complete: false, stale: true };
  const store = createStore(context, createEmitter<{ roster: Roster }>(context), 'roster', nobody);
  /** A list was told on this connection: differences lead on from it. */
  let isListed = false;

  const set = (list: ReadonlyMap<string, Member>, info?: PresenceInfo) => {
    const before = store.get().list;
    const all = [...list.values()];
    const joins = all.filter(({ memberId }) => !before.has(memberId));
    const updates = all.filter((member) => {
      const known = before.get(member.memberId);
      return known && known !== member && JSON.stringify(known) !== JSON.stringify(member);
    });
    const leaves = [...before.values()].filter(({ memberId }) => !list.has(memberId));
    const count = isListed ? list.size : (info?.details?.members ?? 0);
    const status = info?.status ?? (all.some(({ connected }) => connected) ? 'UP' : 'UNKNOWN');
    const roster: Roster = { list, count, status, complete: isListed, stale: false };
    store.set(roster);
    if (joins.length + updates.length + leaves.length > 0) changed({ joins, updates, leaves, roster });
  };
  const replace = (members: readonly GroupMember[], info?: PresenceInfo) => {
    isListed = true;
    set(new Map(members.map((member) => [member.memberId, member])), info);
  };

  return {
    store,
    disconnected() {
      isListed = false;
      if (!store.get().stale) store.set({ ...store.get(), stale: true });
    },
    replace,
    updated({ info, version, members, joins = [], updates = [], leaves = [] }) {
      if (members) return replace(members, info);
      const list = new Map(store.get().list);
      if (joins.length + updates.length + leaves.length === 0) {
        // There are too many to be listed.
        if (version !== undefined) {
          isListed = false;
          list.clear();
        }
      } else if (!isListed) return;
      for (const memberId of leaves) list.delete(memberId);
      for (const member of [...joins, ...updates]) list.set(member.memberId, member);
      set(list, info);
    },
  };
}
