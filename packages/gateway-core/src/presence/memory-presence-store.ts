import type { ClientType, PresenceStatus } from 'gateway-protocol';
import { type Clock, systemClock } from '../clock.js';
import { bytesOfText } from '../text-bytes.js';
import type { GroupPresence, PresenceMember, PresenceStore } from './presence-store.js';

/** What a group that is DOWN takes beside its texts: its record, and its place in a map that has just doubled. */
const DOWN_GROUP_BYTES = 200;

interface Group {
  readonly members: Map<string, PresenceMember>;
  connected: number;
  /** Who changed last. */
  last: { role: ClientType; metadataText?: string | undefined };
}

/** A group that was left and is remembered. */
interface DownGroup {
  /** When the last member left, in monotonic milliseconds. */
  since: number;
  role: ClientType;
  metadataText: string | undefined;
  bytes: number;
}

interface Lease {
  /** Monotonic milliseconds. */
  endsAt: number;
  /** By a touch; else by the enter of a member. */
  touched: boolean;
}

/** Options of a {@link MemoryPresenceStore}; everything has a default. */
export interface MemoryPresenceStoreOptions {
  /** Default: the machine's time. */
  clock?: Clock | undefined;
  /** Most empty groups that are remembered as DOWN; beyond it the oldest is UNKNOWN again. Default 10,000. */
  downGroupsMax?: number | undefined;
  /** How long an empty group is remembered as DOWN. Default 300,000 ms. */
  downTtlMs?: number | undefined;
  /** Most memory of the groups that are remembered as DOWN, in bytes; beyond it the oldest is UNKNOWN again. Default 8 MiB. */
  downBytesMax?: number | undefined;
  /** The lease of a node that enters a member without having one. Default 30,000 ms. */
  untouchedLeaseMs?: number | undefined;
}

/**
 * Presence inside one process. Give one to several gateways of a process and they share it.
 * @example
 * const presence = new MemoryPresenceStore();
 * const a = createGateway({ presence }), b = createGateway({ presence });
 */
export class MemoryPresenceStore implements PresenceStore {
  readonly #groups = new Map<string, Group>();
  /** Oldest first. */
  readonly #down = new Map<string, DownGroup>();
  #downBytes = 0;
  /** Of each node that has any, or has members. */
  readonly #leases = new Map<string, Lease>();
  readonly #watchers = new Set<(groupId: string) => void>();
  readonly #clock: Clock;
  readonly #downGroupsMax: number;
  readonly #downTtlMs: number;
  readonly #downBytesMax: number;
  readonly #untouchedLeaseMs: number;

  constructor(options: MemoryPresenceStoreOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#downGroupsMax = options.downGroupsMax ?? 10_000;
    this.#downTtlMs = options.downTtlMs ?? 300_000;
    this.#downBytesMax = options.downBytesMax ?? 8 * 1024 * 1024;
    this.#untouchedLeaseMs = options.untouchedLeaseMs ?? 30_000;
  }

  enter(groupId: string, member: PresenceMember): void {
    const now = this.#clock.monotonicMs();
    if ((this.#leases.get(member.nodeId)?.endsAt ?? 0) <= now) {
      this.#leases.set(member.nodeId, { endsAt: now + this.#untouchedLeaseMs, touched: false });
    }
    let group = this.#groups.get(groupId);
    if (isLater(group?.members.get(member.memberId), member.generation)) return;
    if (group === undefined) {
      group = { members: new Map(), connected: 0, last: { role: member.role } };
      this.#groups.set(groupId, group);
      this.#forget(groupId);
    }
    if (group.members.get(member.memberId)?.state === 'connected') group.connected -= 1;
    if (member.state === 'connected') group.connected += 1;
    const kept = { ...member };
    group.members.set(member.memberId, kept);
    this.#changed(groupId, group, kept);
  }

  leave(groupId: string, memberId: string, generation?: number): void {
    const group = this.#groups.get(groupId);
    const member = group?.members.get(memberId);
    if (group === undefined || member === undefined || isLater(member, generation)) return;
    group.members.delete(memberId);
    if (member.state === 'connected') group.connected -= 1;
    if (group.members.size === 0) {
      this.#groups.delete(groupId);
      this.#remember(groupId, member);
    }
    this.#changed(groupId, group, member);
  }

  info(groupId: string): GroupPresence {
    const group = this.#groups.get(groupId);
    if (group !== undefined) return presenceInfo(group.connected > 0 ? 'UP' : 'DEGRADED', group.last, group.members.size);
    const down = this.#down.get(groupId);
    if (down === undefined || this.#clock.monotonicMs() - down.since >= this.#downTtlMs) return { status: 'UNKNOWN' };
    return presenceInfo('DOWN', down, 0);
  }

  list(groupId: string): PresenceMember[] {
    return [...(this.#groups.get(groupId)?.members.values() ?? [])].map((member) => ({ ...member }));
  }

  /** One member of a group, as it was entered. */
  member(groupId: string, memberId: string): PresenceMember | undefined {
    const member = this.#groups.get(groupId)?.members.get(memberId);
    return member && { ...member };
  }

  touch(nodeId: string, ttlMs: number): 'alive' | 'lapsed' {
    const now = this.#clock.monotonicMs();
    const lease = this.#leases.get(nodeId);
    this.#leases.set(nodeId, { endsAt: now + ttlMs, touched: true });
    for (const [id, { endsAt }] of this.#leases) if (endsAt <= now) this.#buryNode(id);
    for (const [groupId, { since }] of this.#down) {
      if (now - since < this.#downTtlMs) break;
      this.#forget(groupId);
    }
    return lease?.touched === true && lease.endsAt > now ? 'alive' : 'lapsed';
  }

  /**
   * Says that a node is gone, before its lease would: its connected members have dropped now, and leave when `ttlMs` are over unless they
   * come back at another one. One that was not gone is told `lapsed` by its next touch.
   */
  dropNode(nodeId: string, ttlMs: number): void {
    if (!this.#leases.has(nodeId)) return;
    this.#leases.set(nodeId, { endsAt: this.#clock.monotonicMs() + ttlMs, touched: false });
    for (const [groupId, { members }] of this.#groups) {
      for (const member of members.values()) {
        if (member.nodeId === nodeId && member.state === 'connected') this.enter(groupId, { ...member, state: 'dropped' });
      }
    }
  }

  watch(listener: (groupId: string) => void): () => void {
    // A wrapper of its own for each call, so that one listener given twice is ended one by one.
    const entry = (groupId: string) => listener(groupId);
    this.#watchers.add(entry);
    return () => this.#watchers.delete(entry);
  }

  #buryNode(nodeId: string): void {
    this.#leases.delete(nodeId);
    for (const [groupId, group] of this.#groups) {
      for (const member of group.members.values()) if (member.nodeId === nodeId) this.leave(groupId, member.memberId);
    }
  }

  #remember(groupId: string, { role, metadataText }: Group['last']): void {
    const bytes = DOWN_GROUP_BYTES + bytesOfText(groupId) + bytesOfText(metadataText);
    this.#down.set(groupId, { since: this.#clock.monotonicMs(), role, metadataText, bytes });
    this.#downBytes += bytes;
    for (const oldest of this.#down.keys()) {
      if (this.#down.size <= this.#downGroupsMax && this.#downBytes <= this.#downBytesMax) return;
      this.#forget(oldest);
    }
  }

  #forget(groupId: string): void {
    this.#downBytes -= this.#down.get(groupId)?.bytes ?? 0;
    this.#down.delete(groupId);
  }

  #changed(groupId: string, group: Group, last: Group['last']): void {
    group.last = { role: last.role, metadataText: last.metadataText };
    for (const watcher of this.#watchers) watcher(groupId);
  }
}

/** Whether a member is known in a later generation than a call speaks of. */
function isLater(known: PresenceMember | undefined, generation: number | undefined): boolean {
  return known?.generation !== undefined && generation !== undefined && known.generation > generation;
}

function presenceInfo(status: PresenceStatus, { role, metadataText }: Group['last'], members: number): GroupPresence {
  return { status, details: { role, metadataText, members } };
}
