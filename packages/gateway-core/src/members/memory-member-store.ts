import { type Clock, systemClock } from '../clock.js';
import type { MemberStore, StoredMember, Takeover } from './member-store.js';
import { isSameHash } from './resume-tokens.js';

/** One for all members without groups. */
const NO_GROUPS: StoredMember['groups'] = Object.freeze([]) as never[];

/** A member, in one object with what is to be known of it: there is one for each connection. */
interface Kept extends StoredMember {
  /** When its time to come back is over, in monotonic milliseconds; `undefined`: it is connected. */
  readonly until: number | undefined;
  /** Until when it is kept all the same: somebody is about to take it over. */
  heldUntil: number | undefined;
}

interface Lease {
  /** Monotonic milliseconds. */
  endsAt: number;
  /** By a touch; else by the put of a member. */
  touched: boolean;
}

/** Options of a {@link MemoryMemberStore}; everything has a default. */
export interface MemoryMemberStoreOptions {
  /** Default: the machine's time. */
  clock?: Clock | undefined;
  /** The lease of a gateway that puts a member without having one. Default 30,000 ms. */
  untouchedLeaseMs?: number | undefined;
}

/**
 * Members inside one process. Give one to several gateways of a process and a client can resume on any of them.
 * @example
 * const members = new MemoryMemberStore(), broker = new MemoryBroker(), presence = new MemoryPresenceStore();
 * const a = createGateway({ members, broker, presence }), b = createGateway({ members, broker, presence });
 */
export class MemoryMemberStore implements MemberStore {
  readonly #members = new Map<string, Kept>();
  /** Of each gateway that has any, or has members. */
  readonly #leases = new Map<string, Lease>();
  readonly #listeners = new Map<string, Set<(memberId: string, generation: number) => void>>();
  readonly #clock: Clock;
  readonly #untouchedLeaseMs: number;

  constructor(options: MemoryMemberStoreOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#untouchedLeaseMs = options.untouchedLeaseMs ?? 30_000;
  }

  put(member: StoredMember): boolean {
    const { memberId, generation, nodeId, state, resumeTtlMs } = member;
    const kept = this.#members.get(memberId);
    if (kept !== undefined && kept.generation !== generation) return false;
    const now = this.#haveLease(nodeId);
    const until = state === 'dropped' ? now + resumeTtlMs : undefined;
    const heldUntil = kept !== undefined && hasSameTokens(kept, member) ? kept.heldUntil : undefined;
    this.#members.set(memberId, keptOf(member, until, heldUntil));
    return true;
  }

  find(memberId: string, tokenHash: string, holdMs: number): StoredMember | undefined {
    const now = this.#clock.monotonicMs();
    const kept = this.#members.get(memberId);
    if (kept === undefined || !isToken(kept, tokenHash) || this.#isOver(kept, now)) return undefined;
    kept.heldUntil = holdMs > 0 ? now + holdMs : undefined;
    return memberOf(kept);
  }

  takeOver(memberId: string, tokenHash: string, by: Takeover): StoredMember | undefined {
    const kept = this.#members.get(memberId);
    if (kept === undefined || !isToken(kept, tokenHash) || kept.generation !== by.generation) return undefined;
    const { nodeId: former } = kept;
    const { nodeId, tokenHash: next } = by;
    const generation = by.generation + 1;
    this.#haveLease(nodeId);
    const resumed = { generation, nodeId, tokenHash: next, usedTokenHash: tokenHash, state: 'connected' } as const;
    const taken = keptOf({ ...kept, ...resumed }, undefined, undefined);
    this.#members.set(memberId, taken);
    if (former !== nodeId) for (const listener of [...(this.#listeners.get(former) ?? [])]) listener(memberId, generation);
    return memberOf(taken);
  }

  end(memberId: string, generation: number): boolean {
    return this.#members.get(memberId)?.generation === generation && this.#members.delete(memberId);
  }

  expire(memberId: string, generation: number): 'expired' | 'open' | 'replaced' {
    const kept = this.#members.get(memberId);
    if (kept === undefined) return 'expired';
    if (kept.generation !== generation) return 'replaced';
    if (!this.#isOver(kept, this.#clock.monotonicMs())) return 'open';
    this.#members.delete(memberId);
    return 'expired';
  }

  touch(nodeId: string, ttlMs: number): 'alive' | 'lapsed' {
    const now = this.#clock.monotonicMs();
    const lease = this.#leases.get(nodeId);
    const isAlive = lease?.touched === true && lease.endsAt > now;
    // What was connected until its lease ran out has dropped then: before the new lease hides that.
    if (lease !== undefined && lease.endsAt <= now) this.#dropMembersOf(nodeId, lease.endsAt);
    this.#leases.set(nodeId, { endsAt: now + ttlMs, touched: true });
    if ([...this.#leases.values()].some(({ endsAt }) => endsAt <= now)) this.#bury(now);
    return isAlive ? 'alive' : 'lapsed';
  }

  onReplaced(nodeId: string, listener: (memberId: string, generation: number) => void): () => void {
    // A wrapper of its own for each call, so that one listener given twice is ended one by one.
    const entry = (memberId: string, generation: number) => listener(memberId, generation);
    const listeners = this.#listeners.get(nodeId) ?? new Set();
    this.#listeners.set(nodeId, listeners.add(entry));
    return () => {
      listeners.delete(entry);
      if (listeners.size === 0 && this.#listeners.get(nodeId) === listeners) this.#listeners.delete(nodeId);
    };
  }

  /** @returns now. */
  #haveLease(nodeId: string): number {
    const now = this.#clock.monotonicMs();
    const { endsAt } = this.#leases.get(nodeId) ?? { endsAt: now };
    if (endsAt <= now) {
      this.#dropMembersOf(nodeId, endsAt);
      this.#leases.set(nodeId, { endsAt: now + this.#untouchedLeaseMs, touched: false });
    }
    return now;
  }

  #isOver({ nodeId, resumeTtlMs, until, heldUntil = Number.NEGATIVE_INFINITY }: Kept, now: number): boolean {
    const leaseEndsAt = this.#leases.get(nodeId)?.endsAt ?? Number.NEGATIVE_INFINITY;
    if (until === undefined && leaseEndsAt > now) return false;
    return Math.max(until ?? leaseEndsAt + resumeTtlMs, heldUntil) <= now;
  }

  #dropMembersOf(nodeId: string, since: number): void {
    for (const [memberId, kept] of this.#members) {
      if (kept.nodeId !== nodeId || kept.state === 'dropped') continue;
      this.#members.set(memberId, keptOf({ ...kept, state: 'dropped' }, since + kept.resumeTtlMs, kept.heldUntil));
    }
  }

  /** Nobody but the gateway that has a member says that its time is over, unless that one is dead. */
  #bury(now: number): void {
    const dead = new Map([...this.#leases].filter(([, { endsAt }]) => endsAt <= now));
    for (const [nodeId, { endsAt }] of dead) this.#dropMembersOf(nodeId, endsAt);
    const waited = new Set<string>();
    for (const [memberId, kept] of this.#members) {
      const { nodeId } = kept;
      if (!dead.has(nodeId)) continue;
      if (this.#isOver(kept, now)) this.#members.delete(memberId);
      else waited.add(nodeId);
    }
    for (const nodeId of dead.keys()) if (!waited.has(nodeId)) this.#leases.delete(nodeId);
  }
}

function isToken({ tokenHash, usedTokenHash }: StoredMember, hash: string): boolean {
  return isSameHash(hash, tokenHash) || isSameHash(hash, usedTokenHash);
}

function hasSameTokens(a: StoredMember, b: StoredMember): boolean {
  return a.tokenHash === b.tokenHash && a.usedTokenHash === b.usedTokenHash;
}

/** Copies of what the store keeps and of what it is given: neither is changed by the other's holder. */
function keptOf(member: StoredMember, until: number | undefined, heldUntil: number | undefined): Kept {
  // Field by field: a spread would cost a second object for each of many members.
  return {
    memberId: member.memberId,
    generation: member.generation,
    nodeId: member.nodeId,
    tokenHash: member.tokenHash,
    usedTokenHash: member.usedTokenHash,
    role: member.role,
    metadataText: member.metadataText,
    user: member.user,
    groups: copiesOf(member.groups),
    state: member.state,
    resumeTtlMs: member.resumeTtlMs,
    until,
    heldUntil,
  };
}

function memberOf({ until: _, heldUntil: __, ...member }: Kept): StoredMember {
  return { ...member, groups: copiesOf(member.groups) };
}

function copiesOf(groups: StoredMember['groups']): StoredMember['groups'] {
  return groups.length === 0 ? NO_GROUPS : groups.map((place) => ({ ...place }));
}
