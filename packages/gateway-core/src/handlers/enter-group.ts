import type { Refusal } from '../answers.js';
import type { Connection } from '../connection.js';
import { GatewayError } from '../errors.js';
import type { Group } from '../groups/group.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { Identity, Member } from '../members/member.js';
import type { GroupPresence } from '../presence/presence-store.js';
import type { MessageSpan } from '../tracer.js';
import type { HandlerContext } from './context.js';
import { FULL } from './refusals.js';

/** What `enterGroup` needs of the handlers' context. */
export type EnterContext = Pick<HandlerContext, 'groups' | 'members' | 'presence' | 'timeouts'>;

/**
 * Brings a member into a group, or says anew who it is there: opens the group, tells the presence store, and waits until its connection has
 * everything of the groups that it is in. Then `commit` makes it so, in the same step in which all of this was true: nothing can come
 * between. Where it comes to nothing, as `commit` may say too, the store is told so.
 * @returns a refusal; or nothing, also where the connection has ended meanwhile and `commit` was not called.
 */
export async function enterGroup(
  context: EnterContext,
  connection: Connection,
  { member, as, groupId, span }: { member: Member; as: Identity; groupId: string; span?: MessageSpan | undefined },
  commit: (group: Group, presence: GroupPresence) => boolean,
): Promise<Refusal | undefined> {
  const opening = open(context, groupId, span);
  const group = isPromise(opening) ? await opening : opening;
  if (group === 'full') return FULL;
  group.awaited += 1;
  let isOwed = false;
  try {
    // A mover gets everything of its old group first, as slow as it is: only then may it leave without a loss.
    while (!connection.catchUp()) await connection.untilFree();
    if (!connection.live) return undefined;
    isOwed = true;
    const entering = context.timeouts.ask(span, 'presence.enter', () => context.members.announce(member, as, groupId));
    if (isPromise(entering)) await entering;
    const info = context.timeouts.ask(span, 'presence.info', () => context.presence.info(groupId));
    const presence = isPromise(info) ? await info : info;
    // Again, with what was said while the store was asked. From here on nothing waits.
    while (!connection.catchUp()) await connection.untilFree();
    // The group may have been forgotten as too old, or the member may have been put somewhere else, meanwhile.
    const isForgotten = context.groups.get(groupId) !== group;
    isOwed = !connection.live || isForgotten || !commit(group, presence);
    return connection.live && isForgotten ? FULL : undefined;
  } finally {
    group.awaited -= 1;
    if (isOwed) context.members.takeBack(member, groupId);
  }
}

function open({ groups }: EnterContext, groupId: string, span: MessageSpan | undefined): MaybePromise<Group | 'full'> {
  try {
    const group = groups.open(groupId, span);
    return isPromise(group) ? group.catch(fullOrThrow) : group;
  } catch (error) {
    return fullOrThrow(error);
  }
}

function fullOrThrow(error: unknown): 'full' {
  if (error instanceof GatewayError && error.code === 'TOO_MANY_GROUPS') return 'full';
  throw error;
}
