import type { ClientType } from 'gateway-protocol';
import type { MaybePromise } from '../maybe-promise.js';

/** A member's place in a group. Where it stands in the group's log is not known here: its client says so. */
export interface StoredPlace {
  readonly groupId: string;
  /** The host has put it there (`gateway.join`): nobody is asked whether it may. */
  readonly assigned?: boolean | undefined;
  /** JSON text of what it says of itself there by `presence`, any value but `null`. */
  readonly stateText?: string | undefined;
}

/** A member that can be resumed: what another gateway needs to know to become the one that has it. */
export interface StoredMember {
  readonly memberId: string;
  /** Which resume of it this is, from 1. Whoever speaks of the member names the generation that it knows; any other one is refused. */
  readonly generation: number;
  /** The gateway that has it. */
  readonly nodeId: string;
  /** SHA-256 of the token that resumes it, in base64. The token itself is nowhere. */
  readonly tokenHash: string;
  /** Of the token before, which resumes it too until its client has spoken on the connection that the newest one was sent on. */
  readonly usedTokenHash?: string | undefined;
  /** Of its last `identify`. */
  readonly role: ClientType;
  /** JSON text of the `metadata` that presence shows. */
  readonly metadataText?: string | undefined;
  /**
   * Fingerprint of who the host says the user is: of its `principal`, else of its `claims`. It resumes nobody whose own is another one.
   * Claims are not stored: the hooks are asked again.
   */
  readonly user: string;
  /** Oldest first. */
  readonly groups: readonly StoredPlace[];
  /** `dropped`: its connection is gone, and it may come back. */
  readonly state: 'connected' | 'dropped';
  /** For how long it may come back, in milliseconds: of a dropped one from the `put` on, of a connected one from its drop on. */
  readonly resumeTtlMs: number;
}

/** Who takes a member over. */
export interface Takeover {
  /** As `find` has answered it. */
  readonly generation: number;
  /** The gateway that has the member from now on. */
  readonly nodeId: string;
  /** SHA-256 of the next token, in base64. */
  readonly tokenHash: string;
}

/**
 * Members that can be resumed, over all gateways that share the store. Each call takes effect in one step, all or nothing. Calls of one gateway
 * take effect in the order in which they were made. `memberStoreContract` of `gateway-core/testing` holds an implementation to this.
 */
export interface MemberStore {
  /**
   * Says what is true of a member now; one that is not known is added. Where it names other tokens than before, no `find` holds it any more.
   * @returns `false`: the store has it in another generation, so another gateway has it. Nothing has changed then.
   */
  put(member: StoredMember): MaybePromise<boolean>;
  /**
   * The member that a token stands for, and keeps it from expiring for `holdMs` from now, in place of what an earlier `find` said: hooks are asked
   * before it is taken over; 0 lets it go. `undefined`: there is none, the token is not one of its two, or its time to come back is over.
   */
  find(memberId: string, tokenHash: string, holdMs: number): MaybePromise<StoredMember | undefined>;
  /**
   * Takes a member over: its generation is one more, `nodeId` and `tokenHash` are the given ones, the token that it was taken with is the used
   * one, and it is connected. A gateway that had it, and is another one, is told by `onReplaced`. Time does not count here: what was found in
   * time may be taken for as long as it has not gone.
   * @returns the member as it is from now on. `undefined`: it has gone, the token is not one of its two, or the generation is not its own any
   * more: of several that found the same generation exactly one takes it over.
   */
  takeOver(memberId: string, tokenHash: string, by: Takeover): MaybePromise<StoredMember | undefined>;
  /** The member has gone: nobody becomes it again. `false`: there is none of this generation. */
  end(memberId: string, generation: number): MaybePromise<boolean>;
  /**
   * Ends a dropped member whose time to come back is over. `expired`: it has gone, now or before; `open`: it is connected, has time left, or
   * is held by a `find`; `replaced`: it is of another generation.
   */
  expire(memberId: string, generation: number): MaybePromise<'expired' | 'open' | 'replaced'>;
  /**
   * Says that a gateway is alive, and gives it a lease of `ttlMs` from now. The connected members of one whose lease has run out have dropped
   * when it ran out, and those whose time is over are gone, at the latest when another gateway is touched. A gateway that puts a member, or takes
   * one over, without a lease gets one of a minute at most.
   * @returns `alive`: the lease of its last touch was still running. `lapsed`: it was not, or this is the first touch; the gateway puts its
   * members again. No answer counts as `alive`.
   */
  touch(nodeId: string, ttlMs: number): MaybePromise<'alive' | 'lapsed'>;
  /**
   * Calls `listener` after a member of the gateway was taken over by another one, with the member's new generation. Returns what ends it. One that
   * is told late, or not at all, does no harm: what it says of the member is refused.
   */
  onReplaced(nodeId: string, listener: (memberId: string, generation: number) => void): () => void;
  /** Frees what the store holds open. Called by whoever made the store, after the gateways that use it have closed. */
  close?(): MaybePromise<void>;
}
