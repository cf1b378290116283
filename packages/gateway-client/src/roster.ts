import type { GroupMember, PresenceInfo, PresenceUpdatePayload, SyncPayload } from 'gateway-protocol';
import type { Dispatcher } from './dispatcher.js';
import type { Member, Roster, RosterChange } from './group.js';
import { Store } from './readable.js';

const EMPTY: Roster = { list: new Map(), count: 0, status: 'UNKNOWN', complete: false, stale: true };

/** Who is in one group, as the gateway tells it. */
export class RosterKeeper {
  readonly store: Store<Roster>;
  /** A list was told on this connection: differences lead on from it. */
  #isListed = false;

  /** @param changed is told what has changed. */
  constructor(
    dispatcher: Dispatcher,
    private readonly changed: (change: RosterChange) => void,
  ) {
    this.store = new Store(dispatcher, EMPTY);
  }

  /** Nothing is emptied by a drop: what changed meanwhile is told when the list is known again. */
  disconnected(): void {
    this.#isListed = false;
    const roster = this.store.get();
    if (!roster.stale) this.store.set({ ...roster, stale: true });
  }

  synced({ members }: SyncPayload): void {
    if (members !== undefined) this.#replace(members);
  }

  /** PROTOCOL.md, "Members of a group". */
  updated({ info, version, members, joins = [], updates = [], leaves = [] }: PresenceUpdatePayload): void {
    if (members !== undefined) {
      this.#replace(members, info);
      return;
    }
    if (joins.length + updates.length + leaves.length === 0) {
      const isVoid = version !== undefined;
      if (isVoid) this.#isListed = false;
      this.#set(isVoid ? new Map() : this.store.get().list, info);
      return;
    }
    if (!this.#isListed) return;
    const list = new Map(this.store.get().list);
    for (const memberId of leaves) list.delete(memberId);
    for (const member of [...joins, ...updates]) list.set(member.memberId, member);
    this.#set(list, info);
  }

  #replace(members: readonly GroupMember[], info?: PresenceInfo): void {
    this.#isListed = true;
    this.#set(new Map(members.map((member) => [member.memberId, member])), info);
  }

  #set(list: ReadonlyMap<string, Member>, info?: PresenceInfo): void {
    const before = this.store.get().list;
    const joins: Member[] = [];
    const updates: Member[] = [];
    for (const [memberId, member] of list) {
      const known = before.get(memberId);
      if (known === undefined) joins.push(member);
      else if (known !== member && JSON.stringify(known) !== JSON.stringify(member)) updates.push(member);
    }
    const leaves = [...before.values()].filter(({ memberId }) => !list.has(memberId));
    const complete = this.#isListed;
    const count = complete ? list.size : (info?.details?.members ?? 0);
    const status = info?.status ?? ([...list.values()].some(({ connected }) => connected) ? 'UP' : 'UNKNOWN');
    const roster: Roster = { list, count, status, complete, stale: false };
    this.store.set(roster);
    if (joins.length + updates.length + leaves.length > 0) this.changed({ joins, updates, leaves, roster });
  }
}
