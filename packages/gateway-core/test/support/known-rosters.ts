import type { GroupMember } from 'gateway-protocol';
import { expect } from 'vitest';
import type { Received, ResumingClient } from './resuming-client.js';

/** What a client knows of a group. */
export interface KnownRoster {
  version: number;
  /** By member id; `undefined`: they are too many to be listed. */
  members: Map<string, GroupMember> | undefined;
  /** Members as `info` counts them. */
  count: number;
}

/** A list as text that two of the same members share, whatever their order. */
export function textOf(members: Iterable<GroupMember>): string {
  const parts = [...members].map(({ memberId, role, metadata, state, connected }) =>
    JSON.stringify([memberId, role, metadata, state, connected]),
  );
  return parts.toSorted().join('\n');
}

/**
 * Who is there, as a client of dialect 2 knows it from what it was sent and nothing else: applies lists and differences, and holds the gateway
 * to what differences promise.
 */
export class KnownRosters {
  readonly groups = new Map<string, KnownRoster>();
  /** Each list that it had. */
  readonly seen: { groupId: string; version: number; list: string }[] = [];
  #read = 0;

  constructor(private readonly client: ResumingClient) {}

  take(): this {
    const { received } = this.client.take();
    for (; this.#read < received.length; this.#read += 1) this.#one(received[this.#read] as Received);
    return this;
  }

  #one({ type, payload }: Received): void {
    if (type === 'sync' && payload.members !== undefined) this.#replace(payload);
    if (type !== 'presence_update') return;
    const { groupId, version, members, joins, updates, leaves, info } = payload;
    expect(version, 'a presence_update of dialect 2 has a version').toBeGreaterThan(0);
    const known = this.groups.get(groupId);
    if (members !== undefined) this.#replace(payload);
    else if (joins === undefined && updates === undefined && leaves === undefined)
      this.groups.set(groupId, { version, members: undefined, count: 0 });
    else this.#change(known, payload);
    (this.groups.get(groupId) as KnownRoster).count = info.details?.members ?? 0;
  }

  #replace({ groupId, version, members }: { groupId: string; version: number; members: GroupMember[] }): void {
    const list = new Map(members.map((member) => [member.memberId, member]));
    expect(list.size, 'nobody is listed twice').toBe(members.length);
    this.groups.set(groupId, { version, members: list, count: members.length });
    this.seen.push({ groupId, version, list: textOf(members) });
  }

  #change(
    known: KnownRoster | undefined,
    { groupId, version, joins = [], updates = [], leaves = [] }: Received['payload'],
  ): void {
    if (known?.members === undefined) throw new Error(`a difference in ${groupId} for who has no list`);
    expect(version, `the version after ${known.version}`).toBe(known.version + 1);
    for (const memberId of leaves) expect(known.members.delete(memberId), `${memberId} leaves`).toBe(true);
    for (const member of updates) {
      expect(known.members.has(member.memberId), `${member.memberId} changes`).toBe(true);
      expect(member).not.toEqual(known.members.get(member.memberId));
      known.members.set(member.memberId, member);
    }
    for (const member of joins) {
      expect(known.members.has(member.memberId), `${member.memberId} comes`).toBe(false);
      known.members.set(member.memberId, member);
    }
    known.version = version;
    this.seen.push({ groupId, version, list: textOf(known.members.values()) });
  }
}
