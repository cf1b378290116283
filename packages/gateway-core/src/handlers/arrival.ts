import type { IdentifySignal, ResumeSince } from 'gateway-protocol';
import type { Refusal } from '../answers.js';
import type { Connection } from '../connection.js';
import type { Group } from '../groups/group.js';
import { type Identity, type Member, placeOf } from '../members/member.js';
import type { StoredPlace } from '../members/member-store.js';
import type { Claim } from '../members/resumes.js';
import type { MessageSpan } from '../tracer.js';
import type { HandlerContext } from './context.js';
import { prepareGroup } from './prepare-group.js';
import { TOO_MANY } from './refusals.js';

const FAILED: Refusal = { code: 'INTERNAL', message: 'groupId: the gateway failed on this group, and the member is not in it' };

/** Who comes, and where to. */
export interface Arrival {
  readonly member: Member;
  readonly identity: Identity;
  /** Groups by id, with what the client has of their logs. */
  readonly wanted: ReadonlyMap<string, ResumeSince | undefined>;
  /** What it comes back with. */
  readonly claim: Claim | undefined;
  /** It was taken over from another gateway, and is in its groups also where its connection has ended since. */
  readonly isTaken?: true | undefined;
  /** Of its `identify`. */
  readonly span: MessageSpan | undefined;
}

/** What became of each group: it can be stood in, or why not; and whether the member was in it before that was asked. */
export type Prepared = Map<string, { result: Group | Refusal; wasIn: boolean }>;

export function wantedOf({ groupId, payload }: IdentifySignal): Arrival['wanted'] {
  const wanted = new Map<string, ResumeSince | undefined>(Object.entries(payload.resume?.groups ?? {}));
  const named = payload.groupId ?? groupId;
  if (named !== undefined && !wanted.has(named)) wanted.set(named, undefined);
  return wanted;
}

/** Whether another gateway has the member. */
export function isFromElsewhere({ claim }: Arrival): boolean {
  return claim !== undefined && claim.here === undefined;
}

/** The groups that the member is in. */
export function groupIdsOf({ member, claim }: Arrival): string[] {
  return [...member.memberships.map(({ group }) => group.groupId), ...elsewhere(claim).map(({ groupId }) => groupId)];
}

/** Its place in a group on the gateway that it comes from, which is another one. */
export function placeElsewhere({ claim }: Arrival, groupId: string): StoredPlace | undefined {
  return elsewhere(claim).find((place) => place.groupId === groupId);
}

function elsewhere(claim: Claim | undefined): readonly StoredPlace[] {
  return claim === undefined || claim.here !== undefined ? [] : claim.stored.groups;
}

/** Groups that the member is in and that were not asked for yet. */
export function missing(arrival: Arrival, prepared: Prepared): string[] {
  return groupIdsOf(arrival).filter((groupId) => !prepared.has(groupId));
}

/** The groups to begin with: those that the member is in, and those that it may want beside them. */
export function firstOf({ limits }: HandlerContext, arrival: Arrival, prepared: Prepared): string[] {
  const groupIds = new Set(groupIdsOf(arrival));
  const max = Math.max(groupIds.size, limits.groupsPerConnectionMax);
  for (const groupId of arrival.wanted.keys()) {
    if (groupIds.has(groupId) || groupIds.size < max) groupIds.add(groupId);
    else prepared.set(groupId, { result: TOO_MANY, wasIn: false });
  }
  return [...groupIds];
}

/** Asks for everything that has to be waited for, of several groups at once. */
export async function prepareAll(
  context: HandlerContext,
  connection: Connection,
  arrival: Arrival,
  prepared: Prepared,
  groupIds: readonly string[],
): Promise<void> {
  await Promise.all(groupIds.map((groupId) => prepare(context, connection, arrival, prepared, groupId)));
}

async function prepare(
  context: HandlerContext,
  connection: Connection,
  arrival: Arrival,
  prepared: Prepared,
  groupId: string,
): Promise<void> {
  const { member, identity, wanted, isTaken = false, span } = arrival;
  const place = placeOf(member, groupId) ?? placeElsewhere(arrival, groupId);
  const wasIn = place !== undefined;
  try {
    // Who comes from another gateway is told of once it is taken over: until then that one speaks of it.
    const isAnnounced = wasIn || isFromElsewhere(arrival);
    const isAssigned = place?.assigned === true;
    const wish = { member, identity, groupId, since: wanted.get(groupId), isAnnounced, isAssigned, isTaken, span };
    prepared.set(groupId, { result: await prepareGroup(context, connection, wish), wasIn });
  } catch (error) {
    context.failed(error, 'identify', { connectionId: connection.connectionId });
    prepared.set(groupId, { result: FAILED, wasIn });
  }
}
