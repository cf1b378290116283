import type { Clock } from '../clock.js';
import { isPromise, type MaybePromise, whenFailed, whenKnown } from '../maybe-promise.js';
import { asPart, type MessageSpan } from '../tracer.js';
import type { Asker } from './asker.js';
import {
  fingerprintOf,
  type Identity,
  isHere,
  isResumable,
  isSameUser,
  type Member,
  type Resumable,
  type Speaker,
} from './member.js';
import type { MemberKeeper } from './member-keeper.js';
import type { MemberStore, StoredMember } from './member-store.js';
import type { Members } from './members.js';
import { hashOf, memberIdOf, newToken } from './resume-tokens.js';

/** A resume that is under way. */
export interface Claim {
  /** As the store has last answered it. */
  stored: StoredMember;
  readonly tokenHash: string;
  /** Where this gateway has it. */
  readonly here: Resumable | undefined;
  /** Once it was taken over: what resumes it next. */
  nextToken?: string;
  /** When the store is to be told again that the member is held, in monotonic milliseconds. */
  holdAt: number;
}

/** Members that come back: from this gateway, or from another one that shares the member store. */
export class Resumes {
  /** Those whose members other gateways are kept from ending. */
  readonly #held = new Set<Claim>();

  constructor(
    private readonly store: MemberStore,
    private readonly clock: Clock,
    private readonly asker: Asker,
    private readonly keeper: MemberKeeper,
    private readonly members: Members,
    /** How long a gateway's word holds when it is not heard of, in milliseconds (`timings.presenceLeaseMs`). */
    private readonly leaseMs: number,
  ) {}

  /**
   * The member that a resume token stands for, kept until `release`: hooks may take their time. `undefined` where the token is unknown,
   * used, or its member's window is over; and where the store fails. The store is told for the length of a lease at a time, so a gateway that
   * dies meanwhile keeps nobody for longer.
   */
  claim(token: string | undefined, span: MessageSpan | undefined): MaybePromise<Claim | undefined> {
    if (token === undefined) return undefined;
    const tokenHash = hashOf(token);
    const memberId = memberIdOf(token);
    const former = this.members.resumable(memberId);
    // A client can be faster than the store that is told of its newest token.
    const told = former === undefined ? undefined : this.keeper.told(former);
    const finding = whenKnown(told, () => this.#find(memberId, tokenHash, true, span));
    return whenKnown(finding, (stored) => {
      if (stored === undefined) return undefined;
      // It may have been resumed elsewhere, and this gateway was not told yet.
      this.members.overtaken(stored.memberId, stored.generation);
      const here = this.members.resumable(stored.memberId);
      if (here !== undefined) here.resume.claims += 1;
      const claim: Claim = { stored, tokenHash, here, holdAt: this.#nextHold() };
      if (this.keeper.isShared) this.#held.add(claim);
      return claim;
    });
  }

  /** It has come to what it could: where that is nothing, the store holds the member no longer. */
  release(claim: Claim): void {
    const { here, stored, tokenHash, nextToken } = claim;
    this.#held.delete(claim);
    if (here !== undefined) here.resume.claims -= 1;
    if (this.keeper.isShared && nextToken === undefined) void this.#find(stored.memberId, tokenHash, false);
  }

  /** Tells the store again which members are held, at every third of a lease. Yields what each cost. */
  *sweep(now: number): Generator<number, void> {
    for (const claim of this.#held) {
      if (now < claim.holdAt) continue;
      claim.holdAt = this.#nextHold();
      // If it fails, the next one makes up for it.
      whenFailed(
        () => this.store.find(claim.stored.memberId, claim.tokenHash, this.leaseMs),
        () => {},
      );
      yield 1;
    }
  }

  /** Whether a claim can still be made good, by this user: another one may have won, or the member may have been ended. */
  mayResume({ here, stored, tokenHash: given }: Claim, identity: Identity, by: Speaker): boolean {
    if (here === undefined)
      return this.members.resumable(stored.memberId) === undefined && stored.user === fingerprintOf(identity);
    const { generation, tokenHash, usedHash, connection } = here.resume;
    // What a client said before it gave that connection up, and came back on another one.
    if (given === usedHash && by.createdAtMonotonic < connection.createdAtMonotonic) return false;
    return isHere(here) && tokenHash !== undefined && generation === stored.generation && isSameUser(here.identity, identity);
  }

  /**
   * Makes a claim good: of all that have claimed the member exactly one succeeds. Where nobody knows whether the store has done it, the
   * member is ended: nobody has the token that it would be resumed with.
   * @returns `false`: somebody else has become the member, or it is no more.
   */
  takeOver(claim: Claim, span: MessageSpan | undefined): MaybePromise<boolean> {
    const { stored, tokenHash, here } = claim;
    const { memberId, generation } = stored;
    // What is said from now on would be of the member that it makes.
    this.#held.delete(claim);
    const nextToken = newToken(memberId);
    const next = hashOf(nextToken);
    const by = { generation, nodeId: this.keeper.nodeId, tokenHash: next };
    const doubtful = () => {
      // Where it was not done, another connection may have taken the member over with the same token since.
      const found = this.asker.ask('members.find', () => this.store.find(memberId, next, 0), undefined);
      const ended = whenKnown(found, (taken) => {
        if (taken === undefined) return false;
        return this.asker.ask('members.end', () => this.store.end(memberId, taken.generation), false);
      });
      // The gateway that had it, if that is another one, sees to its leave.
      void whenKnown(ended, (wasTaken) => wasTaken && here !== undefined && this.members.lost(here));
    };
    const take = () => asPart(span, 'members.takeOver', () => this.store.takeOver(memberId, tokenHash, by));
    const taking = this.asker.ask('members.takeOver', take, undefined, doubtful);
    const taken = whenKnown(taking, (answer) => {
      if (answer === undefined) return false;
      claim.stored = answer;
      claim.nextToken = nextToken;
      if (here === undefined) return true;
      here.resume.generation = answer.generation;
      // It may have been ended, or revoked, meanwhile: its end is said in the generation that it has now.
      if (!isHere(here) || here.resume.tokenHash === undefined) return false;
      here.resume.tokenHash = next;
      here.resume.usedHash = tokenHash;
      return true;
    });
    return here === undefined ? taken : this.keeper.during(here, taken);
  }

  /**
   * Whether a claim that was made good still is: another connection may have resumed the member since, in a later generation, or the host
   * may have ended it.
   */
  isStillTaken({ here, stored: { memberId, generation } }: Claim): boolean {
    this.members.overtaken(memberId, generation);
    const known = this.members.resumable(memberId);
    return known === here && (known === undefined || known.resume.generation === generation);
  }

  /** Makes the member's next token, for `issued` to make good. The one in use stays good until `confirm`; those before it end. */
  issue({ memberId, resume }: Resumable): string {
    const token = newToken(memberId);
    resume.usedHash = resume.tokenHash;
    resume.tokenHash = hashOf(token);
    return token;
  }

  /** The store is to know of a new token; a shared one does with what is new of the member's groups. */
  issued(member: Resumable): void {
    if (!this.keeper.isShared) this.keeper.say(member);
  }

  /** The client has spoken on the connection that its newest token was sent on. */
  confirm(member: Member): void {
    if (!isResumable(member) || member.resume.usedHash === undefined) return;
    member.resume.usedHash = undefined;
    this.keeper.say(member);
  }

  #nextHold(): number {
    return this.clock.monotonicMs() + this.leaseMs / 3;
  }

  #find(memberId: string, tokenHash: string, holds: boolean, span?: MessageSpan): MaybePromise<StoredMember | undefined> {
    // A gateway that has the store for itself counts its own claims.
    const holdMs = holds && this.keeper.isShared ? this.leaseMs : 0;
    let found: MaybePromise<StoredMember | undefined>;
    const find = () => {
      found = this.store.find(memberId, tokenHash, holdMs);
      return found;
    };
    // What was not answered may have been done, or be done yet, and would keep the member for all that time.
    const letGo = () => {
      if (holdMs === 0) return;
      // That it failed was said; if this fails too, the hold ends by itself.
      const release = () =>
        whenFailed(
          () => this.store.find(memberId, tokenHash, 0),
          () => {},
        );
      release();
      if (isPromise(found)) found.then(release, () => {});
    };
    return this.asker.ask('members.find', () => asPart(span, 'members.find', find), undefined, letGo);
  }
}
