import type { ResumeSince } from 'gateway-protocol';
import type { Refusal } from '../answers.js';
import type { Connection } from '../connection.js';
import { GatewayError } from '../errors.js';
import type { Group } from '../groups/group.js';
import { isPromise } from '../maybe-promise.js';
import { FIRST_GENERATION, type Identity, type Member } from '../members/member.js';
import type { MessageSpan } from '../tracer.js';
import { authorized } from './authorized.js';
import type { HandlerContext } from './context.js';
import { FULL } from './refusals.js';

export const FORBIDDEN: Refusal = { code: 'FORBIDDEN', message: 'groupId: not allowed to join this group' };

/** Who wants to be where, and what of its log it has. */
export interface Wish {
  member: Member;
  identity: Identity;
  groupId: string;
  since: ResumeSince | undefined;
  /** The presence store knows of it there, or is told later. */
  isAnnounced: boolean;
  /** The host has put it there: nobody is asked. */
  isAssigned: boolean;
  /** It is in the group, also where its connection has ended. */
  isTaken?: boolean;
  /** Of the message that says so. */
  span: MessageSpan | undefined;
}

/**
 * Everything that has to be waited for before a member of dialect 2 can stand in a group: the hook's word, the group with as much of its log
 * as there is, and the presence store. What comes of it is for the caller to make so, in one step; or to take back. Until it has, the group
 * is awaited: the caller ends that.
 */
export async function prepareGroup(context: HandlerContext, connection: Connection, wish: Wish): Promise<Group | Refusal> {
  const { member, identity, groupId, since, isAnnounced, isAssigned, isTaken, span } = wish;
  const permission = isAssigned || authorized(context, connection, 'join', groupId, member, identity, span);
  const may = isPromise(permission) ? await permission : permission;
  if (!may) return FORBIDDEN;
  if (!connection.live && !isTaken) return FORBIDDEN;
  let group: Group;
  try {
    const opening = context.groups.open(groupId, span);
    group = isPromise(opening) ? await opening : opening;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'TOO_MANY_GROUPS') return FULL;
    throw error;
  }
  group.awaited += 1;
  try {
    const reaching = since && context.groups.reach(group, since, span);
    if (isPromise(reaching)) await reaching;
    if (!connection.live) return group;
    if (!isAnnounced) {
      // Named also of one that is new: whatever is said of it later than that another gateway has it is refused.
      const { generation = FIRST_GENERATION } = member.resume ?? {};
      const entering = context.timeouts.ask(span, 'presence.enter', () =>
        context.members.announce(member, identity, groupId, generation),
      );
      if (isPromise(entering)) await entering;
    }
    const listing = context.announcer.prepare(group);
    if (!isPromise(listing)) return group;
    try {
      await context.timeouts.ask(span, 'presence.list', () => listing);
    } catch (error) {
      // Who is there it is told later.
      context.failed(error, 'presence.list', { connectionId: connection.connectionId });
    }
    return group;
  } catch (error) {
    group.awaited -= 1;
    throw error;
  }
}
