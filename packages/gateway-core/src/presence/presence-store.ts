import type { ClientType, PresenceStatus } from 'gateway-protocol';
import type { MaybePromise } from '../maybe-promise.js';

/** One member of one group, as presence sees it. */
export interface PresenceMember {
  memberId: string;
  /** The gateway that has the member's connection. */
  nodeId: string;
  role: ClientType;
  /** The host's own name for the user, as `authenticate` answered it; not sent to clients. */
  principal?: string | undefined;
  /** JSON text of the client's `metadata`, an object. Text is a twentieth of what the worst object takes, and goes out as it is. */
  metadataText?: string | undefined;
  /** JSON text of what it says of itself in this group by `presence`, any value but `null`. */
  stateText?: string | undefined;
  /** `dropped`: its connection is gone and the member is inside the resume window. */
  state: 'connected' | 'dropped';
  /** Which resume of a member of dialect 2 this is, from 1. Absent where nobody can resume as it. */
  generation?: number | undefined;
}

/** A group's presence, as a store answers it. */
export interface GroupPresence {
  status: PresenceStatus;
  /** Absent where the status is `UNKNOWN`. */
  details?: { role?: ClientType | undefined; metadataText?: string | undefined; members: number } | undefined;
}

/**
 * Who is in which group, over all gateways that share the store.
 * Calls of one gateway take effect in the order in which they were made. `presenceStoreContract` of `gateway-core/testing` holds an
 * implementation to this.
 */
export interface PresenceStore {
  /**
   * Adds the member to the group, or replaces what is known of it (its state, role, metadata, or what it says of itself). Where the store has
   * it in a later `generation`, nothing happens: it was resumed at another gateway, and this call comes late.
   */
  enter(groupId: string, member: PresenceMember): MaybePromise<void>;
  /** Takes the member out. One that is not there is no error; one that is there in a later `generation` stays. */
  leave(groupId: string, memberId: string, generation?: number): MaybePromise<void>;
  /** The group's presence now: of all nodes, with the role and metadata of the member that changed last. */
  info(groupId: string): MaybePromise<GroupPresence>;
  /** The group's members, in the order in which they came. */
  list(groupId: string): MaybePromise<PresenceMember[]>;
  /**
   * Says that a node is alive, and gives it a lease of `ttlMs` from now. The members of a node whose lease has run out have left, at the
   * latest when another node is touched. A node that enters a member without a lease gets one of a minute at most, so that one that dies
   * before its first touch leaves nobody behind.
   * @returns `alive`: the lease of its last touch was still running. `lapsed`: it was not, or this is the first touch; members of the node
   * may have been taken out, so the gateway enters again those that it entered before. No answer counts as `alive`.
   */
  touch(nodeId: string, ttlMs: number): MaybePromise<'alive' | 'lapsed'>;
  /** Calls `listener` after a group's presence changed, by whichever gateway. Returns what ends it. */
  watch(listener: (groupId: string) => void): () => void;
  /** Frees what the store holds open. Called by whoever made the store, after the gateways that use it have closed. */
  close?(): MaybePromise<void>;
}
