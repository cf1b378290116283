import type { IdentifySignal } from 'gateway-protocol';
import type { Refusal } from '../answers.js';
import type { Connection } from '../connection.js';
import { isPromise } from '../maybe-promise.js';
import { isSameUser, newMember } from '../members/member.js';
import type { MessageSpan } from '../tracer.js';
import { type Arrival, firstOf, isFromElsewhere, missing, type Prepared, prepareAll, wantedOf } from './arrival.js';
import { authenticated } from './authenticated.js';
import { commit, takeBack } from './commit-arrival.js';
import type { HandlerContext, MessageTexts } from './context.js';
import { UNAUTHORIZED } from './refusals.js';

/**
 * `identify` of dialect 2: a new member, one that comes back, or one that renews its credentials. Hooks and stores are asked while the
 * earlier connection still speaks for the member; then all is made so in one step, which fences that one.
 */
export async function identifyMember(
  context: HandlerContext,
  connection: Connection,
  message: IdentifySignal,
  { metadataText }: MessageTexts,
  span: MessageSpan | undefined,
): Promise<Refusal | undefined> {
  const { resumes, generateId } = context;
  const claiming = connection.member === undefined ? resumes.claim(message.payload.resume?.token, span) : undefined;
  const claim = isPromise(claiming) ? await claiming : claiming;
  try {
    if (!connection.live) return undefined;
    const answer = authenticated(context, connection, message, metadataText, span);
    const identity = isPromise(answer) ? await answer : answer;
    if (identity === undefined) return UNAUTHORIZED;
    if (!connection.live) return undefined;
    const wanted = wantedOf(message);
    const known = connection.member;
    if (known !== undefined && isSameUser(known.identity, identity)) {
      await arrive(context, connection, { member: known, identity, wanted, claim: undefined, span });
      return undefined;
    }
    if (claim !== undefined && resumes.mayResume(claim, identity, connection)) {
      const member = claim.here ?? newMember(claim.stored.memberId, identity);
      if (await arrive(context, connection, { member, identity, wanted, claim, span })) return undefined;
    }
    await arrive(context, connection, { member: newMember(generateId(), identity), identity, wanted, claim: undefined, span });
    return undefined;
  } finally {
    if (claim !== undefined) resumes.release(claim);
  }
}

/** @returns `false`: somebody else has become the member meanwhile, or it is no more. */
async function arrive(context: HandlerContext, connection: Connection, arrival: Arrival): Promise<boolean> {
  const { resumes } = context;
  const { member, identity, claim, span } = arrival;
  connection.arriving = { ...member, identity };
  const prepared: Prepared = new Map();
  try {
    // Its earlier connection here, or the host, may put it into more meanwhile.
    for (let next = firstOf(context, arrival, prepared); next.length > 0; next = missing(arrival, prepared)) {
      await prepareAll(context, connection, arrival, prepared, next);
    }
    let isLost = claim !== undefined && !resumes.mayResume(claim, identity, connection);
    if (!isLost && claim !== undefined && connection.speaks) {
      const taking = resumes.takeOver(claim, span);
      isLost = !(isPromise(taking) ? await taking : taking);
      // It has come into these at another gateway meanwhile, and is in them whether or not anybody is on the line any more.
      const late = isLost || !isFromElsewhere(arrival) ? [] : missing(arrival, prepared);
      if (late.length > 0) await prepareAll(context, connection, { ...arrival, isTaken: true }, prepared, late);
      isLost ||= !resumes.isStillTaken(claim);
    }
    // Who was taken over has to be somewhere, even where nobody is on the line any more.
    if (isLost || (!connection.speaks && claim?.nextToken === undefined)) {
      takeBack(context, arrival, prepared);
      return !isLost || !connection.speaks;
    }
    commit(context, connection, arrival, prepared);
    return true;
  } finally {
    for (const { result } of prepared.values()) if (!('code' in result)) result.awaited -= 1;
  }
}
